namespace StatelessSwarm.Engine.Limits;

/// <summary>
/// How long what we send waits in queues on its way there and the answer on its way back: the round trip now above the least of the last
/// minutes. Our requests are acknowledged through the same queue that the data comes through, whatever the other side's program does.
/// </summary>
/// <param name="ticksPerSecond">Timestamp units per second.</param>
/// <param name="knownSince">When the path was first seen.</param>
internal sealed class PathDelay(long ticksPerSecond, long knownSince = 0)
{
    /// <summary>
    /// Minutes for which a least round trip counts (draft-irtf-iccrg-ledbat-plus-plus keeps ten). After a change of route to a longer path
    /// its length looks like a queue for that long. The kernel's own memory of five minutes comes on top.
    /// </summary>
    public const int HistoryMinutes = 4;

    // RFC 6298: a new round trip counts an eighth.
    private const double OldWeight = 7.0 / 8;

    private readonly double[] _least = new double[HistoryMinutes];
    private long _minute = long.MinValue;
    private double _smoothed;
    private uint _deliveries;
    private bool _isKnown;

    /// <summary>Least round trip in seconds; 0 for unknown.</summary>
    public double Base { get; private set; }

    /// <summary>The last round trip in seconds.</summary>
    public double RoundTrip { get; private set; }

    /// <summary>The last round trip above the least, in seconds.</summary>
    public double Queue => RoundTrip - Base;

    /// <summary>When the path was first seen.</summary>
    public long KnownSince => knownSince;

    /// <summary>When something last came back on it.</summary>
    public long MeasuredAt { get; private set; } = long.MinValue / 2;

    /// <summary>When the path was last looked at.</summary>
    public long SeenAt { get; private set; }

    /// <summary>Takes a sample in; false when nothing has come back since the last one.</summary>
    public bool TryMeasure(in PathSample sample, long now)
    {
        SeenAt = now;
        var smoothed = sample.SmoothedMicroseconds * 1e-6;
        var count = unchecked(sample.Deliveries - _deliveries);
        if (smoothed <= 0 || (_isKnown && count == 0))
            return false;
        // The smoothed value lags; what the new round trips must have been to move it like this, it does not.
        var newest = _isKnown ? _smoothed + (smoothed - _smoothed) / (1 - Math.Pow(OldWeight, Math.Min(count, 64u))) : smoothed;
        var least = sample.LeastMicroseconds is > 0 and < int.MaxValue ? sample.LeastMicroseconds * 1e-6 : double.MaxValue;
        MeasuredAt = now;
        RoundTrip = Math.Max(newest, least < double.MaxValue ? least : 1e-6);
        _smoothed = smoothed;
        _deliveries = sample.Deliveries;
        _isKnown = true;
        Remember(Math.Min(RoundTrip, least), now);
        return true;
    }

    private void Remember(double roundTrip, long now)
    {
        var minute = now / (60 * ticksPerSecond);
        if (_minute == long.MinValue)
            Array.Fill(_least, double.MaxValue);
        else
            for (var turned = Math.Max(_minute + 1, minute - HistoryMinutes + 1); turned <= minute; turned++)
                _least[Index(turned)] = double.MaxValue;
        _minute = minute;
        ref var current = ref _least[Index(minute)];
        current = Math.Min(current, roundTrip);
        Base = double.MaxValue;
        foreach (var earlier in _least)
            Base = Math.Min(Base, earlier);
    }

    private static int Index(long minute) => (int)(((minute % HistoryMinutes) + HistoryMinutes) % HistoryMinutes);
}
