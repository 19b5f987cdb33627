using StatelessSwarm.Engine.Picking;
using StatelessSwarm.Engine.Torrents;

namespace StatelessSwarm.Engine.Downloading;

/// <summary>
/// What neighbours hold and we lack, measured in the time we need to receive as much at our present pace. A node behind a slow
/// downlink falls further and further behind its neighbours; what it claims comes in late, and everybody waits for it. Such a
/// node leaves scarce sources to the others.
/// </summary>
internal sealed class NearBacklog(PieceMap map, Availability availability, DownloadCounters counters, EngineClock clock)
{
    /// <summary>Seconds of backlog from which on it is long: well above the few piece times a piece needs to get around.</summary>
    public const double LongSeconds = 2;

    /// <summary>Seconds of backlog under which a long one is over.</summary>
    public const double ShortSeconds = 1;

    private const double NewestWeight = 0.4;

    private long _countedFrom = clock.Now;
    private long _countedBytes;
    private double _rate;

    /// <summary>We are behind by more than <see cref="LongSeconds"/>, or were and are not yet under <see cref="ShortSeconds"/>.</summary>
    public bool IsLong { get; private set; }

    /// <summary>Looks again; half a second of receiving makes one sample. True when <see cref="IsLong"/> has changed.</summary>
    public bool Advance()
    {
        if (!clock.HasPassed(_countedFrom, 500))
            return false;
        var total = counters.Lan + counters.Wan;
        var rate = (total - _countedBytes) / clock.Seconds(clock.Now - _countedFrom);
        _rate = _rate == 0 ? rate : _rate + (rate - _rate) * NewestWeight;
        _countedFrom = clock.Now;
        _countedBytes = total;
        var wasLong = IsLong;
        var backlog = (double)availability.HeldNear.CountOutside(map.Verified) * map.PieceBytes;
        IsLong = _rate > 0 && backlog > _rate * (wasLong ? ShortSeconds : LongSeconds);
        return IsLong != wasLong;
    }
}
