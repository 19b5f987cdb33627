namespace StatelessSwarm.Sim.Swarms;

/// <summary>For a while a part of a site's hosts and the rest of them do not reach each other.</summary>
/// <param name="From">From when on, in nanoseconds.</param>
/// <param name="Until">Until when.</param>
/// <param name="Part">The hosts on one side.</param>
internal sealed record SiteSplit(long From, long Until, IReadOnlyCollection<SimNode> Part)
{
    /// <summary>The two are on different sides.</summary>
    public bool Separates(SimNode one, SimNode other) => Part.Contains(one) != Part.Contains(other);
}
