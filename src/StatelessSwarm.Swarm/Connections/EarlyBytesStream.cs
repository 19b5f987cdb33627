using System.Net.Sockets;

namespace StatelessSwarm.Swarm.Connections;

/// <summary>A socket as a stream, with bytes in front that were read from it already. Does not own the socket.</summary>
internal sealed class EarlyBytesStream(Socket socket, ReadOnlyMemory<byte> early) : NetworkStream(socket, ownsSocket: false)
{
    private ReadOnlyMemory<byte> _early = early;

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_early.IsEmpty || buffer.IsEmpty)
            return base.ReadAsync(buffer, cancellationToken);
        var count = Math.Min(_early.Length, buffer.Length);
        _early[..count].CopyTo(buffer);
        _early = _early[count..];
        return ValueTask.FromResult(count);
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
}
