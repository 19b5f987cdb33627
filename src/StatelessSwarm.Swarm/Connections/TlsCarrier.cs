using System.Buffers;
using System.Net.Sockets;

namespace StatelessSwarm.Swarm.Connections;

/// <summary>
/// What TLS records of a peer travel in: a socket, read far ahead and written many records at a time. <see cref="System.Net.Security.SslStream"/>
/// alone makes a system call for every record of 16 KiB in both directions. Bytes that were read from the socket before come first. One task
/// reads, one writes. Does not own the socket; an idle connection holds no buffers.
/// </summary>
internal sealed class TlsCarrier(Socket socket, ReadOnlyMemory<byte> early) : Stream
{
    private const int ReadSize = 256 * 1024;

    /// <summary>Records of a whole send buffer with what TLS adds to each.</summary>
    private const int WriteSize = 256 * 1024 + 32 * 64;

    private ReadOnlyMemory<byte> _received = early;
    private byte[]? _receiveBuffer;
    private byte[]? _sendBuffer;
    private int _sendLength;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>From now on what is written is kept, until <see cref="ReleaseAsync"/>.</summary>
    public void Hold() => _sendBuffer ??= ArrayPool<byte>.Shared.Rent(WriteSize);

    /// <summary>Sends what was kept.</summary>
    public async ValueTask ReleaseAsync(CancellationToken cancellation)
    {
        try
        {
            await SendHeldAsync(cancellation);
        }
        finally
        {
            ReturnSendBuffer();
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            if (_received.IsEmpty)
                await socket.ReceiveAsync(buffer, cancellationToken);
            return 0;
        }
        if (_received.IsEmpty)
        {
            ReturnReceiveBuffer();
            // waits without a buffer: most connections of a node are idle most of the time
            await socket.ReceiveAsync(Memory<byte>.Empty, cancellationToken);
            _receiveBuffer = ArrayPool<byte>.Shared.Rent(ReadSize);
            _received = _receiveBuffer.AsMemory(0, await socket.ReceiveAsync(_receiveBuffer, cancellationToken));
        }
        var count = Math.Min(_received.Length, buffer.Length);
        _received[..count].CopyTo(buffer);
        _received = _received[count..];
        if (_received.IsEmpty)
            ReturnReceiveBuffer();
        return count;
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_sendBuffer is null)
        {
            await SendAsync(buffer, cancellationToken);
            return;
        }
        if (_sendLength + buffer.Length > _sendBuffer.Length)
            await SendHeldAsync(cancellationToken);
        if (buffer.Length > _sendBuffer.Length)
        {
            await SendAsync(buffer, cancellationToken);
            return;
        }
        buffer.Span.CopyTo(_sendBuffer.AsSpan(_sendLength));
        _sendLength += buffer.Length;
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override void Flush() { }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            ReturnReceiveBuffer();
            ReturnSendBuffer();
        }
        base.Dispose(disposing);
    }

    private async ValueTask SendHeldAsync(CancellationToken cancellation)
    {
        var length = _sendLength;
        _sendLength = 0;
        await SendAsync(_sendBuffer.AsMemory(0, length), cancellation);
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        while (bytes.Length > 0)
            bytes = bytes[await socket.SendAsync(bytes, cancellation)..];
    }

    private void ReturnReceiveBuffer()
    {
        _received = default;
        if (_receiveBuffer is { } buffer)
            ArrayPool<byte>.Shared.Return(buffer);
        _receiveBuffer = null;
    }

    private void ReturnSendBuffer()
    {
        if (_sendBuffer is { } buffer)
            ArrayPool<byte>.Shared.Return(buffer);
        _sendBuffer = null;
    }
}
