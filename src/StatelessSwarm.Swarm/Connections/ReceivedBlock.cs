using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Swarm.Connections;

/// <summary>
/// The data of one Piece message and its hash. Owned by whoever holds the object; <see cref="Release"/> gives it back to its pool,
/// after which it must not be touched.
/// </summary>
internal sealed class ReceivedBlock(BlockPool pool)
{
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BlockRange.BlockSize);
    private bool _isOut;

    /// <summary>Where the data belongs.</summary>
    public BlockRange Range { get; private set; }

    /// <summary>SHA-256 of the data, set when all of it is there.</summary>
    public Sha256Digest Leaf { get; private set; }

    /// <summary>The data.</summary>
    public Memory<byte> Data => _buffer.AsMemory(0, Range.Length);

    /// <summary>Starts over; called by the pool.</summary>
    public void Begin(BlockRange range)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(range.Length, BlockRange.BlockSize);
        Range = range;
        Leaf = default;
        _isOut = true;
    }

    /// <summary>Hashes the data; done by the receiving thread so that connections hash in parallel.</summary>
    public void Seal() => Leaf = Sha256Digest.HashData(Data.Span);

    /// <summary>Gives the block back, once.</summary>
    public void Release()
    {
        if (!Interlocked.Exchange(ref _isOut, false))
            return;
        pool.Return(this);
    }
}
