namespace StatelessSwarm.Sim.Scenarios;

/// <summary>What happens to a node.</summary>
internal enum FaultActionKind
{
    /// <summary>Its process ends.</summary>
    Crash,

    /// <summary>It is gone without a word.</summary>
    Power,

    /// <summary>It starts again.</summary>
    Start,

    /// <summary>It is frozen.</summary>
    Freeze,

    /// <summary>It goes on.</summary>
    Thaw,

    /// <summary>It answers no requests.</summary>
    Stall,

    /// <summary>It answers them again.</summary>
    Unstall,

    /// <summary>It lies from now on.</summary>
    Lie,

    /// <summary>Its disk is slow from now on.</summary>
    SlowDisk,

    /// <summary>Its uplink is.</summary>
    SlowUp,

    /// <summary>Its downlink is.</summary>
    SlowDown,

    /// <summary>It was cut off, and is not any more.</summary>
    CutOver,
}
