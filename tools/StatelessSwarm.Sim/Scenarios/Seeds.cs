namespace StatelessSwarm.Sim.Scenarios;

/// <summary>Nodes that are complete from the beginning.</summary>
internal sealed record Seeds
{
    /// <summary>How many; 1 or more.</summary>
    public int Count { get; init; } = 1;

    /// <summary>The site they are in, from 1; 0 for one of their own without a WAN limit.</summary>
    public int Site { get; init; }

    /// <summary>Uplink of each.</summary>
    public double Up { get; init; } = 100e6;

    /// <summary>Downlink of each.</summary>
    public double Down { get; init; } = 100e6;

    /// <summary>Their own site's half of the way, in milliseconds.</summary>
    public double DelayMs { get; init; }

    /// <summary>Most connections of each; default as the engine's.</summary>
    public int? MaxPeers { get; init; }

    /// <summary>Peers served at a time; default as the engine's.</summary>
    public int? UploadSlots { get; init; }

    /// <summary>They show pieces one by one (BEP 16).</summary>
    public bool SuperSeeds { get; init; }
}
