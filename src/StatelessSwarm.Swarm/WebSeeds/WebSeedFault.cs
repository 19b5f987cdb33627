namespace StatelessSwarm.Swarm.WebSeeds;

/// <summary>Why a range did not come.</summary>
/// <param name="Reason">One line.</param>
/// <param name="IsFinal">Asking again is of no use: the web seed is given up.</param>
/// <param name="RetryAfter">The server said it is overloaded: nothing before this time, or our own choice when zero; null otherwise.</param>
internal sealed record WebSeedFault(string Reason, bool IsFinal, TimeSpan? RetryAfter = null)
{
    /// <summary>Its bytes come from beyond the WAN link though it is near: it may be used again, as a far one.</summary>
    public bool IsFar { get; init; }
}
