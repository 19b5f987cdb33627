namespace StatelessSwarm.Sim.Scenarios;

/// <summary>Something that goes wrong, at a time, for a node, for some nodes by chance, or for a site.</summary>
internal sealed record Fault
{
    /// <summary>What.</summary>
    public required FaultKind Kind { get; init; }

    /// <summary>When, in virtual seconds.</summary>
    public double AtSeconds { get; init; }

    /// <summary>The site, from 1; null for any.</summary>
    public int? Site { get; init; }

    /// <summary>The node of the site, from 1; null for <see cref="Nodes"/> by chance.</summary>
    public int? Node { get; init; }

    /// <summary>How many nodes, by chance, of the site or of all.</summary>
    public int Nodes { get; init; } = 1;

    /// <summary>How long it lasts (freeze, stall, partition, split), or until the node starts again (crash, power); null for ever.</summary>
    public double? ForSeconds { get; init; }

    /// <summary>Churn: until when nodes go.</summary>
    public double? UntilSeconds { get; init; }

    /// <summary>Rate in bit/s: of the disk (slow-disk) or the uplink and downlink (slow-up, slow-down).</summary>
    public double Rate { get; init; }

    /// <summary>Clock skew: 0.01 gains one second in a hundred.</summary>
    public double Skew { get; init; }
}
