namespace StatelessSwarm.Seed.Tracking;

/// <summary>Limits and pace of the tracker.</summary>
internal sealed record TrackerOptions
{
    /// <summary>How often a peer should announce; default 30 s, small so that peers soon hear of each other.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How soon a peer may announce again; default 5 s.</summary>
    public TimeSpan MinInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a silent peer is believed in; default 90 s, three intervals.</summary>
    public TimeSpan PeerLifetime { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Peers named when the client does not say how many it wants; default 50 (BEP 3).</summary>
    public int DefaultPeersWanted { get; init; } = 50;

    /// <summary>Most peers named in one answer; default 200.</summary>
    public int MaxPeersWanted { get; init; } = 200;

    /// <summary>Most peers remembered for one swarm; default 8192. A peer beyond that is answered but not remembered.</summary>
    public int MaxPeersPerSwarm { get; init; } = 8192;

    /// <summary>Most peers remembered in all; default 65536 (about 12 MiB).</summary>
    public int MaxPeers { get; init; } = 65536;

    /// <summary>
    /// Most peers remembered from one address over all swarms; default 4096: a site behind one translated address has
    /// hundreds of nodes with a few releases each.
    /// </summary>
    public int MaxPeersPerAddress { get; init; } = 4096;

    /// <summary>Most info hashes in one scrape; default 64.</summary>
    public int MaxScrapeHashes { get; init; } = 64;

    /// <summary>Requests one address may send at once before the rate counts; default 500.</summary>
    public int RequestBurst { get; init; } = 500;

    /// <summary>Requests per second one address may go on sending; default 100.</summary>
    public int RequestsPerSecond { get; init; } = 100;
}
