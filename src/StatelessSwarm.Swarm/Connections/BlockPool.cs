using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Swarm.Connections;

/// <summary>
/// Blocks used again, object and buffer together, so that receiving allocates nothing per block. Blocks are taken on the threads that
/// receive and come back on a torrent's owner: a pool with one stack for each core, like <c>ArrayPool.Shared</c>, would miss and
/// allocate. At most <see cref="MostKept"/> are kept; a longer queue costs allocations.
/// </summary>
internal sealed class BlockPool
{
    /// <summary>Blocks kept at most: 512, 8 MiB.</summary>
    public const int MostKept = 512;

    private readonly Lock _gate = new();
    private readonly ReceivedBlock[] _kept = new ReceivedBlock[MostKept];
    private int _count;

    /// <summary>The one of this process.</summary>
    public static BlockPool Shared { get; } = new();

    /// <summary>A block with room for the range, its data undefined.</summary>
    public ReceivedBlock Rent(BlockRange range)
    {
        ReceivedBlock? block = null;
        lock (_gate)
        {
            if (_count > 0)
                block = _kept[--_count];
        }
        block ??= new ReceivedBlock(this);
        block.Begin(range);
        return block;
    }

    /// <summary>Takes a block back; called by <see cref="ReceivedBlock.Release"/> only.</summary>
    public void Return(ReceivedBlock block)
    {
        lock (_gate)
        {
            if (_count < MostKept)
                _kept[_count++] = block;
        }
    }
}
