namespace StatelessSwarm.Sim.Scenarios;

/// <summary>What can go wrong.</summary>
internal enum FaultKind
{
    /// <summary>The process ends; its kernel closes the connections. With <c>for_s</c> it starts again and still has its verified pieces.</summary>
    Crash,

    /// <summary>The machine is gone without a word; its connections stay open at the other ends.</summary>
    Power,

    /// <summary>Nodes crash and start again, at times by chance.</summary>
    Churn,

    /// <summary>The process neither receives, sends nor thinks; connections stay open.</summary>
    Freeze,

    /// <summary>Takes requests and answers none.</summary>
    Stall,

    /// <summary>Sends wrong data in the first block of every piece.</summary>
    Lie,

    /// <summary>Nothing passes between the site and others, or between the node and anyone.</summary>
    Partition,

    /// <summary>Every block read or written takes its time.</summary>
    SlowDisk,

    /// <summary>The node's uplink is slow.</summary>
    SlowUp,

    /// <summary>The node's downlink is slow.</summary>
    SlowDown,

    /// <summary>The node's clock runs fast or slow, from the start.</summary>
    Skew,

    /// <summary>All seeds crash.</summary>
    SeedDies,

    /// <summary>The tracker answers no more.</summary>
    TrackerDies,

    /// <summary>Nodes of a site, together, and the others of it do not reach each other; over the WAN all reach everybody.</summary>
    Split,
}
