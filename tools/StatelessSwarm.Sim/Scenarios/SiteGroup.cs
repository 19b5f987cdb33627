namespace StatelessSwarm.Sim.Scenarios;

/// <summary>Sites that are alike.</summary>
internal sealed record SiteGroup
{
    /// <summary>How many sites.</summary>
    public int Count { get; init; } = 1;

    /// <summary>Nodes of each.</summary>
    public int Nodes { get; init; } = 1;

    /// <summary>Buffer of the switch in front of a node, in milliseconds; default 40, as in the testbed.</summary>
    public double LanBufferMs { get; init; } = 40;

    /// <summary>Uplink of a node.</summary>
    public double LanUp { get; init; } = 1e9;

    /// <summary>Downlink of a node.</summary>
    public double LanDown { get; init; } = 1e9;

    /// <summary>WAN link towards the site.</summary>
    public double WanDown { get; init; }

    /// <summary>WAN link from the site.</summary>
    public double WanUp { get; init; }

    /// <summary>The site's half of the way to other sites, one way, in milliseconds.</summary>
    public double DelayMs { get; init; }

    /// <summary>Buffer of the WAN link, each way, in milliseconds; default 100, as in the testbed.</summary>
    public double BufferMs { get; init; } = 100;

    /// <summary>Share of packets that the WAN link loses.</summary>
    public double Loss { get; init; }

    /// <summary>How many of the nodes, the first ones, are clients of another make, who know no claims. What they do is no breach.</summary>
    public int Foreign { get; init; }

    /// <summary>What nodes may ask for; null for no limits.</summary>
    public DownLimits? Limits { get; init; }
}
