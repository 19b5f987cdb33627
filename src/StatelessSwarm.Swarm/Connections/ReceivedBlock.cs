using System.Buffers;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Swarm.Connections;

/// <summary>
/// The data of one Piece message and its hash. Owned by whoever holds the object; <see cref="Release"/> gives the buffer back
/// to the pool, once.
/// </summary>
internal sealed class ReceivedBlock(BlockRange range)
{
    private byte[]? _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(range.Length, 1));

    /// <summary>Where the data belongs.</summary>
    public BlockRange Range { get; } = range;

    /// <summary>SHA-256 of the data, set when all of it is there.</summary>
    public Sha256Digest Leaf { get; private set; }

    /// <summary>The data.</summary>
    public Memory<byte> Data => _buffer.AsMemory(0, Range.Length);

    /// <summary>Hashes the data; done by the receiving thread so that connections hash in parallel.</summary>
    public void Seal() => Leaf = Sha256Digest.HashData(Data.Span);

    /// <summary>Gives the buffer back.</summary>
    public void Release()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
            ArrayPool<byte>.Shared.Return(buffer);
    }
}
