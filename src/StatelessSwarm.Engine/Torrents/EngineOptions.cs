using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Torrents;

/// <summary>Limits and habits of one torrent's engine. Every number says its unit.</summary>
public sealed record EngineOptions
{
    /// <summary>Our peer id; an engine needs one. The session fills it in, and the port.</summary>
    public PeerId PeerId { get; init; }

    /// <summary>TCP port we accept peers on, told in the extension handshake; 0 for none.</summary>
    public int ListenPort { get; init; }

    /// <summary>Most connections of this torrent.</summary>
    public int MaxPeers { get; init; } = 128;

    /// <summary>Neighbours we connect to by ourselves; default 40, well above the ln N a random graph needs to stay whole.</summary>
    public int LanPeers { get; init; } = 40;

    /// <summary>Peers beyond the WAN link we connect to by ourselves; default 8.</summary>
    public int WanPeers { get; init; } = 8;

    /// <summary>Connection attempts under way at a time; default 16.</summary>
    public int MaxHalfOpen { get; init; } = 16;

    /// <summary>Requests a peer may have queued at us (advertised as BEP 10 <c>reqq</c>).</summary>
    public int RequestQueue { get; init; } = 1024;

    /// <summary>Interested peers served at a time; default 64. Beyond it the one served longest gives way every ten seconds.</summary>
    public int UploadSlots { get; init; } = 64;

    /// <summary>Bytes of blocks handed to the shell for one peer at most; default 1 MiB. Slow peers get a quarter second's worth,
    /// at least 32 KiB, so that a CANCEL still finds its request in our queue.</summary>
    public int UploadAheadPerPeer { get; init; } = 1024 * 1024;

    /// <summary>The same for all peers together; default 8 MiB. Every peer may always have two blocks.</summary>
    public int UploadAhead { get; init; } = 8 * 1024 * 1024;

    /// <summary>Bytes asked of one peer and not yet received, at most; default 16 MiB.</summary>
    public int RequestAhead { get; init; } = 16 * 1024 * 1024;

    /// <summary>Whole pieces of a v1-only torrent that the shell is asked to check at a time; default 8. 1 at least.</summary>
    public int PieceChecks { get; init; } = 8;

    /// <summary>
    /// While complete and alone with the content: show peers single pieces, each to one peer, until the swarm holds all (BEP 16);
    /// default false. For a seed whose uplink is the bottleneck and foreign clients, who know no claims.
    /// </summary>
    public bool SuperSeeds { get; init; }

    /// <summary>Pieces that the shell is asked to hash at a time, because peers want to know leaves (BEP 52); default 4.</summary>
    public int HashedPieces { get; init; } = 4;

    /// <summary>What the node may bring in, shared by the engines of all its torrents; null for one of its own, without limits.</summary>
    public NodeBudget? Budget { get; init; }

    /// <summary>Agree with neighbours who fetches what from a scarce source; default true.</summary>
    public bool UsesClaims { get; init; } = true;

    /// <summary>Tell peers of each other and take such hints (PEX, BEP 11), unless the torrent is private; default true.</summary>
    public bool UsesExchange { get; init; } = true;

    /// <summary>A peer that says nothing for this long is gone; default 150 s, BEP 3 has peers speak every two minutes.</summary>
    public TimeSpan SilenceTimeout { get; init; } = TimeSpan.FromSeconds(150);

    /// <summary>Keep-alive after this much silence of ours; default 100 s (BEP 3: two minutes; below 60 s aria2 takes it for a flood).</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>A peer that takes nothing of what it asked for during this time is dropped; default 60 s.</summary>
    public TimeSpan UploadStallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Milliseconds after the start during which nothing is asked of peers beyond the WAN link, so that neighbours are heard of first and
    /// nothing is fetched that they have or are fetching; default 0, for who knows no way to hear of neighbours.
    /// </summary>
    public int NeighbourWaitMs { get; init; }

    /// <summary>Our site; null for one without a name, whose members are those that the shell finds to be near.</summary>
    public SiteId? Site { get; init; }
}
