namespace StatelessSwarm.Engine.Limits;

/// <summary>
/// A token bucket for bytes as a schedule: what is taken pushes the time at which the next may be taken back by its length over the rate.
/// One take of any size is possible once that time has come, so the bucket runs at most one block into debt; time that was not used is
/// made up for within a bound.
/// </summary>
/// <param name="ticksPerSecond">Timestamp units per second.</param>
/// <param name="catchUpSeconds">Seconds of the rate that may be made up after a late timer.</param>
internal sealed class TokenBucket(long ticksPerSecond, double catchUpSeconds = TokenBucket.CatchUpSeconds)
{
    /// <summary>
    /// Seconds that are made up for in a budget. Sites share a budget, and the sum of their members' bursts is this
    /// long too: well under the 2 % by which a budget may be exceeded over ten seconds.
    /// </summary>
    public const double CatchUpSeconds = 0.05;

    private long _freeAt = long.MinValue;

    /// <summary>Bytes per second; null for no limit, 0 for nothing.</summary>
    public double? Rate { get; private set; }

    /// <summary>When something may be taken again; the past when it may now, <see cref="long.MaxValue"/> for not at this rate.</summary>
    public long FreeAt => Rate switch
    {
        null => long.MinValue,
        0 => long.MaxValue,
        _ => _freeAt,
    };

    /// <summary>Changes the rate; what has been taken already is paid for at the new one.</summary>
    public void SetRate(double? rate, long now)
    {
        if (rate == Rate)
            return;
        if (_freeAt > now && Rate is > 0 && rate is > 0)
            _freeAt = now + (long)((_freeAt - now) * (Rate.Value / rate.Value));
        else if (rate is null)
            _freeAt = now;
        Rate = rate;
    }

    /// <summary>Something may be taken now.</summary>
    public bool HasRoom(long now) => FreeAt <= now;

    /// <summary>Takes; call only when <see cref="HasRoom"/>.</summary>
    public void Take(int bytes, long now)
    {
        if (Rate is not > 0)
            return;
        _freeAt = Math.Max(_freeAt, now - (long)(catchUpSeconds * ticksPerSecond)) + (long)(bytes / Rate.Value * ticksPerSecond);
    }

    /// <summary>What was taken is not needed after all.</summary>
    public void Return(int bytes)
    {
        if (Rate is > 0 && _freeAt != long.MinValue)
            _freeAt -= (long)(bytes / Rate.Value * ticksPerSecond);
    }
}
