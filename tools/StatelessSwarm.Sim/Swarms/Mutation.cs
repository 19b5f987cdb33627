namespace StatelessSwarm.Sim.Swarms;

/// <summary>A defect that tests give a node on purpose, to see that the invariants notice.</summary>
internal enum Mutation
{
    /// <summary>None.</summary>
    None,

    /// <summary>Says that it has everything, and serves what it has not verified.</summary>
    ServesUnverified,

    /// <summary>Asks for everything over the WAN twice.</summary>
    AsksTwice,

    /// <summary>Says one thing a hundred thousand times.</summary>
    Floods,
}
