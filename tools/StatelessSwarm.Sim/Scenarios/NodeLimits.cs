namespace StatelessSwarm.Sim.Scenarios;

/// <summary>Limits of every node's engine; null for the engine's default.</summary>
internal sealed record NodeLimits
{
    /// <summary>Most connections.</summary>
    public int? MaxPeers { get; init; }

    /// <summary>Neighbours it connects to.</summary>
    public int? LanPeers { get; init; }

    /// <summary>Peers beyond the WAN link it connects to.</summary>
    public int? WanPeers { get; init; }

    /// <summary>Peers served at a time.</summary>
    public int? UploadSlots { get; init; }

    /// <summary>Milliseconds after the start in which nothing is asked of peers beyond the WAN link, to hear of neighbours first.</summary>
    public int? NeighbourWaitMs { get; init; }

    /// <summary>Nodes agree on who fetches what; default true. Without, blocks may cross a WAN link often, and nothing is a breach.</summary>
    public bool UsesClaims { get; init; } = true;
}
