namespace StatelessSwarm.Sim.Invariants;

/// <summary>A rule that was broken.</summary>
/// <param name="At">Virtual time in nanoseconds.</param>
/// <param name="Node">Who broke it.</param>
/// <param name="Rule">Which rule, and how.</param>
internal sealed record Breach(long At, string Node, string Rule)
{
    /// <summary>One line.</summary>
    public override string ToString() => $"{At / 1e9:f6} s, node {Node}: {Rule}";
}
