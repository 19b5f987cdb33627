using System.Runtime.ExceptionServices;
using StatelessSwarm.Content.Chunks;

namespace StatelessSwarm.Trust.Repositories;

/// <summary>
/// Copies a source while somebody else reads it: every byte that the reader gets has been written to the copy and shown to
/// the hashes, so that one pass over an image gives its file, digest, verity root and torrent. Owns the source, not the copy.
/// </summary>
internal sealed class IntakeStream : Stream
{
    private readonly Stream _source;
    private readonly Stream _copy;
    private readonly FileHashes _hashes;
    private readonly ChunkMapBuilder? _chunks;
    private readonly Action<int> _moved;

    /// <param name="source">Read to its end by the reader of this stream.</param>
    /// <param name="copy">Gets the same bytes.</param>
    /// <param name="hashes">Gets the same bytes.</param>
    /// <param name="chunks">Gets the same bytes, or null.</param>
    /// <param name="moved">Told the bytes of each read.</param>
    public IntakeStream(Stream source, Stream copy, FileHashes hashes, ChunkMapBuilder? chunks, Action<int> moved)
    {
        _source = source;
        _copy = copy;
        _hashes = hashes;
        _chunks = chunks;
        _moved = moved;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        var count = _source.Read(buffer);
        Take(buffer[..count]);
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <summary>Works on other threads: the reader hashes what it has meanwhile, and the hashes here go side by side.</summary>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        new(Task.Run(() => ReadAndTake(buffer), cancellationToken));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _source.Dispose();
        base.Dispose(disposing);
    }

    private int ReadAndTake(Memory<byte> buffer)
    {
        var count = _source.Read(buffer.Span);
        if (count == 0)
            return 0;
        ReadOnlyMemory<byte> bytes = buffer[..count];
        try
        {
            Parallel.Invoke(
                () => _copy.Write(bytes.Span),
                () => _hashes.AppendSha256(bytes.Span),
                () => _hashes.AppendVerity(bytes.Span),
                () => _chunks?.Append(bytes.Span)
            );
        }
        catch (AggregateException fault)
        {
            ExceptionDispatchInfo.Throw(fault.InnerExceptions[0]);
        }
        _moved(count);
        return count;
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;
        _copy.Write(bytes);
        _hashes.AppendSha256(bytes);
        _hashes.AppendVerity(bytes);
        _chunks?.Append(bytes);
        _moved(bytes.Length);
    }
}
