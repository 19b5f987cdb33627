namespace StatelessSwarm.Sim.Scenarios;

/// <summary>When nodes start.</summary>
internal sealed record Starts
{
    /// <summary>All that belong to no wave start within this time.</summary>
    public double SpreadSeconds { get; init; } = 0.2;

    /// <summary>Boot waves; each takes its share of all nodes by chance.</summary>
    public IReadOnlyList<Wave> Waves { get; init; } = [];

    /// <summary>Nodes that start at times of their own.</summary>
    public IReadOnlyList<LateStart> Late { get; init; } = [];
}
