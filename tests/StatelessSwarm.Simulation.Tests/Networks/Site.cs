using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Simulation.Tests.Networks;

/// <summary>Hosts that share a switch and one WAN link.</summary>
public sealed class Site(int index, double downBitsPerSecond, double upBitsPerSecond, double delayMs)
{
    public int Index => index;

    public Link Down { get; } = new($"wan{index}.down", downBitsPerSecond, delayMs);

    public Link Up { get; } = new($"wan{index}.up", upBitsPerSecond, delayMs);

    /// <summary>Payload bytes that came in over the WAN link.</summary>
    public long PayloadIn { get; private set; }

    /// <summary>Blocks that came in over it before.</summary>
    public int BlocksTwice { get; private set; }

    private readonly HashSet<BlockRange> _blocks = [];

    /// <summary>A block came in over the WAN link.</summary>
    public void Came(BlockRange block)
    {
        PayloadIn += block.Length;
        if (!_blocks.Add(block))
            BlocksTwice++;
    }
}
