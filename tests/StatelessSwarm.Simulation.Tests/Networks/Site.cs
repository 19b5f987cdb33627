namespace StatelessSwarm.Simulation.Tests.Networks;

/// <summary>Hosts that share a switch and one WAN link.</summary>
public sealed class Site(int index, double downBitsPerSecond, double upBitsPerSecond, double delayMs)
{
    public int Index => index;

    public Link Down { get; } = new($"wan{index}.down", downBitsPerSecond, delayMs);

    public Link Up { get; } = new($"wan{index}.up", upBitsPerSecond, delayMs);

    /// <summary>Payload bytes that came in over the WAN link.</summary>
    public long PayloadIn { get; set; }
}
