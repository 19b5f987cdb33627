namespace StatelessSwarm.Sim.Networks;

/// <summary>The clock of a machine that runs fast or slow. What is left of a wait is converted back by <see cref="Real"/>.</summary>
/// <param name="clock">True time.</param>
/// <param name="skew">0.01 for a clock that gains one second in a hundred.</param>
internal sealed class SkewedClock(VirtualClock clock, double skew) : TimeProvider
{
    /// <inheritdoc/>
    public override long TimestampFrequency => VirtualClock.Second;

    /// <inheritdoc/>
    public override long GetTimestamp() => (long)(clock.Now * (1 + skew));

    /// <summary>True time at which this clock shows <paramref name="timestamp"/>.</summary>
    public long Real(long timestamp) => (long)Math.Ceiling(timestamp / (1 + skew));
}
