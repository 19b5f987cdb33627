namespace StatelessSwarm.Node.Fetching;

/// <summary>
/// Waiting times between tries: doubling from a first one up to a longest, each drawn between half and the whole of it, so that
/// machines that failed together do not come back together.
/// </summary>
/// <param name="first">First wait, before the draw.</param>
/// <param name="longest">Longest wait.</param>
/// <param name="random">Source of the draws.</param>
internal sealed class Backoff(TimeSpan first, TimeSpan longest, Random random)
{
    private const int MaxDoublings = 30;

    private int _failures;

    /// <summary>The wait after one more failure.</summary>
    public TimeSpan Next()
    {
        var whole = Math.Min(first.TotalSeconds * Math.Pow(2, _failures), longest.TotalSeconds);
        _failures = Math.Min(_failures + 1, MaxDoublings);
        return TimeSpan.FromSeconds(whole * (0.5 + (random.NextDouble() / 2)));
    }

    /// <summary>It worked: the next wait is the first again.</summary>
    public void Reset() => _failures = 0;
}
