namespace StatelessSwarm.Sim.Scenarios;

/// <summary>Bounds on what comes out; null for none.</summary>
internal sealed record Expectation
{
    /// <summary>Copies of the image that any site may take in over its WAN link.</summary>
    public double? WanCopies { get; init; }

    /// <summary>When the last node must be done, in virtual seconds.</summary>
    public double? LastSeconds { get; init; }
}
