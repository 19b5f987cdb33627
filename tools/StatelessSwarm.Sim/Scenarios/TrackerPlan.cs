namespace StatelessSwarm.Sim.Scenarios;

/// <summary>What a tracker tells a node when it starts and whenever it asks again: some of those that have started, by chance.</summary>
internal sealed record TrackerPlan
{
    /// <summary>Peers in an answer; default 80, what our nodes ask for.</summary>
    public int Peers { get; init; } = 80;

    /// <summary>Seconds between announces; default 30, what our seed says.</summary>
    public double IntervalSeconds { get; init; } = 30;
}
