namespace StatelessSwarm.Sim.Scenarios;

/// <summary>What nodes may ask for at most, in bit/s of payload; 0 for no limit. (What they send is limited by the shell, not by the engine.)</summary>
internal sealed record DownLimits
{
    /// <summary>Of neighbours, each node.</summary>
    public double LanDown { get; init; }

    /// <summary>Of peers beyond the WAN link, each node.</summary>
    public double WanDown { get; init; }

    /// <summary>Of peers beyond the WAN link, all nodes of the site together.</summary>
    public double SiteWanDown { get; init; }
}
