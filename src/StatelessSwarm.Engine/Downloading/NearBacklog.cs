using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;

namespace StatelessSwarm.Engine.Downloading;

/// <summary>
/// What the foremost neighbour that is still fetching has more than we, measured in the time we need to receive as much at our present
/// pace. A node behind a slow downlink falls further and further behind; what it claims comes in late, and everybody waits for it. Such
/// a node leaves scarce sources to the others. (What all neighbours hold together is no measure: equals are always behind that.)
/// </summary>
internal sealed class NearBacklog(PieceMap map, PeerTable peers, DownloadCounters counters, EngineClock clock)
{
    /// <summary>Seconds of backlog from which on it is long: well above the few piece times a piece needs to get around.</summary>
    public const double LongSeconds = 2.5;

    /// <summary>Pieces of backlog that say nothing yet: at the start some are served before others.</summary>
    public const int LeastPieces = 8;

    /// <summary>Seconds of backlog under which a long one is over.</summary>
    public const double ShortSeconds = 1;

    private const double NewestWeight = 0.4;

    /// <summary>Samples in a row that must say so: at the start everybody's pace is still growing.</summary>
    private const int LongSamples = 2;

    private long _countedFrom = clock.Now;
    private long _countedBytes;
    private double _rate;
    private int _longSamples;

    /// <summary>We are behind by more than <see cref="LongSeconds"/>, or were and are not yet under <see cref="ShortSeconds"/>.</summary>
    public bool IsLong { get; private set; }

    /// <summary>Looks again; half a second of receiving makes one sample. True when <see cref="IsLong"/> has changed.</summary>
    public bool Advance()
    {
        if (!clock.HasPassed(_countedFrom, 500))
            return false;
        var total = counters.Lan + counters.Wan + counters.Http;
        var rate = (total - _countedBytes) / clock.Seconds(clock.Now - _countedFrom);
        _rate = _rate == 0 ? rate : _rate + (rate - _rate) * NewestWeight;
        _countedFrom = clock.Now;
        _countedBytes = total;
        var wasLong = IsLong;
        var pieces = Foremost() - map.Verified.Count;
        var backlog = (double)pieces * map.PieceBytes;
        _longSamples = _rate > 0 && (wasLong || pieces > LeastPieces) && backlog > _rate * (wasLong ? ShortSeconds : LongSeconds) ? _longSamples + 1 : 0;
        IsLong = wasLong ? _longSamples > 0 : _longSamples >= LongSamples;
        return IsLong != wasLong;
    }

    private int Foremost()
    {
        var most = 0;
        for (var place = 0; place < peers.Count; place++)
        {
            if (peers[place].IsCountedClaimant)
                most = Math.Max(most, peers[place].Have.Count);
        }
        return most;
    }
}
