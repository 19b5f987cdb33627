namespace StatelessSwarm.Sim.Scenarios;

/// <summary>What is simulated. Together with a seed number it decides a run event for event. Rates in bit/s, 0 for no limit.</summary>
internal sealed record Scenario
{
    /// <summary>What it is called.</summary>
    public required string Name { get; init; }

    /// <summary>What is distributed.</summary>
    public Image Image { get; init; } = new();

    /// <summary>Who has it from the beginning.</summary>
    public Seeds Seeds { get; init; } = new();

    /// <summary>Who wants it. The seeds' own site is not among them.</summary>
    public IReadOnlyList<SiteGroup> Sites { get; init; } = [];

    /// <summary>When nodes start.</summary>
    public Starts Starts { get; init; } = new();

    /// <summary>What the tracker tells them.</summary>
    public TrackerPlan Tracker { get; init; } = new();

    /// <summary>Nodes of a site find each other by multicast; default true.</summary>
    public bool HasMulticast { get; init; } = true;

    /// <summary>Limits of every node.</summary>
    public NodeLimits Limits { get; init; } = new();

    /// <summary>What goes wrong.</summary>
    public IReadOnlyList<Fault> Faults { get; init; } = [];

    /// <summary>Virtual seconds within which every node that lives must have finished.</summary>
    public double DeadlineSeconds { get; init; } = 3600;

    /// <summary>Small messages on a LAN are handed over in steps of this many milliseconds: less work, coarser time; 0 to 10, default 0.</summary>
    public double TickMs { get; init; }

    /// <summary>What the run must come to.</summary>
    public Expectation Expect { get; init; } = new();

    /// <summary>Nodes that want the image.</summary>
    public int NodeCount => Sites.Sum(site => site.Count * site.Nodes);

    /// <summary>Sites, the seeds' own not counted.</summary>
    public int SiteCount => Sites.Sum(site => site.Count);
}
