namespace StatelessSwarm.Node.Limits;

/// <summary>What a person changes while the daemon runs.</summary>
/// <param name="Resets">First forget what was changed before.</param>
/// <param name="Rates">New rates, bytes per second; null for no limit, 0 for nothing.</param>
public sealed record LimitChange(bool Resets, IReadOnlyDictionary<LimitName, long?> Rates)
{
    /// <summary>Changes nothing: asks how things stand.</summary>
    public static LimitChange Nothing { get; } = new(false, new Dictionary<LimitName, long?>());
}
