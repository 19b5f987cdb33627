using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;

namespace StatelessSwarm.Engine.Downloading;

/// <summary>
/// How much may be asked of all peers together. Every peer's window is measured by itself; on a slow downlink among many neighbours the
/// windows add up to minutes of it, everybody seems slow, pieces are taken from one and asked of the next, and what comes is no longer wanted.
/// So no more is on its way than what comes in within <see cref="Seconds"/> at the pace of all peers together.
/// </summary>
internal sealed class DownlinkWatch(PeerTable peers, DownloadCounters counters, EngineClock clock)
{
    /// <summary>Seconds of receiving that may be on their way: under the shortest wait after which a peer counts as stalled.</summary>
    public const double Seconds = 2.5;

    /// <summary>Blocks that may always be on their way: one ordinary piece.</summary>
    public const int Least = 16;

    /// <summary>Blocks that may be on their way before anything is known of the pace.</summary>
    public const int First = 512;

    /// <summary>Longest wait that a slow downlink excuses, in seconds: when nothing comes at all, it is not the downlink.</summary>
    public const double LongestExcuse = 10;

    private const int SampleMs = 500;

    private long _countedFrom = clock.Now;
    private long _countedBytes;
    private double _rate;

    /// <summary>Blocks more that may be asked for; without bound while one peer alone is asked, which has its own window.</summary>
    public int Room
    {
        get
        {
            var most = _rate == 0 ? First : (int)Math.Min(int.MaxValue, Math.Max(Least, _rate * Seconds / BlockRange.BlockSize));
            return Count(out var live) < 2 ? int.MaxValue : Math.Max(0, most - live);
        }
    }

    /// <summary>Bytes asked of all peers that have not stalled, and not yet received.</summary>
    public long OnItsWay
    {
        get
        {
            Count(out var live);
            return (long)live * BlockRange.BlockSize;
        }
    }

    /// <summary>Twice the seconds that so many bytes take at the pace of all peers together, at most <see cref="LongestExcuse"/>; 0 while it is unknown.</summary>
    public double ExcuseFor(long bytes) => _rate > 0 ? Math.Min(2 * bytes / _rate, LongestExcuse) : 0;

    private int Count(out int live)
    {
        live = 0;
        var asked = 0;
        for (var place = 0; place < peers.Count; place++)
        {
            // What a stalled peer owes us may never come.
            if (peers[place].IsSnubbed)
                continue;
            var pending = peers[place].Pending.Live;
            live += pending;
            asked += pending > 0 ? 1 : 0;
        }
        return asked;
    }

    /// <summary>Looks at what has come in; half a second makes a sample. A pace that falls is believed slowly.</summary>
    public void Advance()
    {
        if (!clock.HasPassed(_countedFrom, SampleMs))
            return;
        var total = counters.Lan + counters.Wan + counters.Http;
        var rate = (total - _countedBytes) / clock.Seconds(clock.Now - _countedFrom);
        _rate = rate > _rate ? rate : _rate + (rate - _rate) * 0.2;
        _countedFrom = clock.Now;
        _countedBytes = total;
    }
}
