namespace StatelessSwarm.Engine.Limits;

/// <summary>
/// Bytes that may be on their way over the WAN link at a time, so that we take what is left of it and no more: the idea of LEDBAT
/// (RFC 6817) and of draft-irtf-iccrg-ledbat-plus-plus, from the receiver's side as in rLEDBAT (RFC 9840), over plain TCP. What is on its
/// way is what was asked for, so the window bounds requests.
/// <list type="table">
/// <item><term>queue below the target</term><description>grows: at first by half of what arrives, later by a segment per round trip and by a
/// share of itself that shrinks as the target comes near</description></item>
/// <item><term>queue above the target</term><description>shrinks by the excess, by half per round trip at most, down to one segment</description></item>
/// <item><term>after the first growth, and every half minute</term><description>slows down for two round trips: the queue drains, and the
/// least round trip is seen again; by all members of a site at once</description></item>
/// </list>
/// The queue is that of the path that has the least of it: what all paths share is the site's own link. Where the paths that data comes on
/// show a queue, those that nothing comes on are asked as well (<see cref="IsDoubtful"/>): a far peer's own port may be what is full.
/// </summary>
/// <param name="ticksPerSecond">Timestamp units per second.</param>
/// <param name="target">Seconds that the queue is to be long at its shortest.</param>
internal sealed class BackgroundWindow(long ticksPerSecond, double target = BackgroundWindow.DownTarget)
{
    /// <summary>
    /// The target for what we receive: 15 ms. The blocks that come on top of it make about 30 ms of that on a link of
    /// 10 Mbit/s, where the draft allows 60; it never runs empty, and is well under what a person notices.
    /// </summary>
    public const double DownTarget = 0.015;

    /// <summary>
    /// The target for what we send: 40 ms. The acknowledgement of the last segment of a burst may be held back (RFC 9293 3.8.6.3),
    /// which looks like a queue, and what is sent is bounded less sharply than what is asked for.
    /// </summary>
    public const double UpTarget = 0.04;

    /// <summary>Bytes at first: two blocks.</summary>
    public const double Initial = 32 * 1024;

    /// <summary>Bytes at least: one segment.</summary>
    public const double Least = 1448;

    /// <summary>Bytes at most.</summary>
    public const double Most = 16 * 1024 * 1024;

    /// <summary>
    /// Bytes per second whatever the queue: a block in three seconds. Signs of life under a claim come that often, and a queue that is gone
    /// is noticed that soon.
    /// </summary>
    public const double LeastRate = 16 * 1024 / 3.0;

    /// <summary>Seconds between slowdowns at least; the draft asks for nine times as long as one took.</summary>
    public const double SlowdownPause = 30;

    /// <summary>Slowdowns closer than this are one, in seconds.</summary>
    public const double SlowdownApart = 5;

    /// <summary>Without a single measurement for so many seconds of traffic there is no giving way.</summary>
    public const double BlindSeconds = 5;

    /// <summary>Seconds for which the round trip of a path that nothing comes on counts: two probes.</summary>
    public const double ProbeSeconds = 1.2;

    /// <summary>Without traffic for so many seconds the window starts anew.</summary>
    public const double IdleSeconds = 2;

    // Data that comes beside much more that we send says nothing of the queue it comes through; so long we wait for other.
    private const double SilentSeconds = 0.4;

    private const double Segment = 1448;
    private const double SlowStartGain = 0.5;
    private const double GrowthGain = 0.25;
    private const double MostGrowth = 0.1;
    private const double MostShrink = 0.5;
    private const double SlowStartEnd = 0.75;
    private const double ShortestRound = 0.01;

    // Two looks at the kernel.
    private const double LeastRound = 0.05;
    private const double NewestWeight = 0.25;
    private const int SlowdownRounds = 2;

    // One packet that was late says nothing of the queue: the least of what was seen within this time counts (RFC 6817, CURRENT_FILTER).
    private const double FilterSeconds = 0.12;
    private const int FilterLength = 4;
    private const int MaxPaths = 1024;
    private const int PathIdleSeconds = 600;

    private readonly Dictionary<int, PathDelay> _paths = [];
    private readonly List<int> _old = [];
    private readonly (long At, double Queue)[] _seen = new (long, double)[FilterLength];
    private long _seenCount;
    private double _roundTrip = 0.1;
    private double _base;
    private double _after;
    private long _updatedAt = long.MinValue;
    private long _usedAt = long.MinValue;
    private long _blindSince = long.MinValue;
    private long _slowdownAt = long.MaxValue;
    private long _slowedAt = long.MinValue;
    private long _resumeAt = long.MaxValue;
    private long _measuredAt = long.MinValue / 2;
    private long _doubtfulSince = long.MaxValue;
    private bool _isSlowStart = true;

    /// <summary>Bytes that may be on their way.</summary>
    public double Bytes { get; private set; } = Initial;

    /// <summary>Bytes per second that go with the window; <see cref="LeastRate"/> at least.</summary>
    public double Rate => Math.Max(Bytes / Math.Max(_roundTrip, ShortestRound), LeastRate);

    /// <summary>Seconds of queue seen last.</summary>
    public double Queue { get; private set; }

    /// <summary>Slowdowns begun by ourselves so far: the site is told of each.</summary>
    public long Slowdowns { get; private set; }

    /// <summary>The paths that data comes on show a queue, or nothing. Whether it is on the link that all share, a word on some other path tells.</summary>
    public bool IsDoubtful => _doubtfulSince != long.MaxValue;

    /// <summary>We are letting the queue drain.</summary>
    public bool IsSlowedDown => _resumeAt != long.MaxValue;

    /// <summary>The kernel was asked about every path.</summary>
    /// <param name="samples">One per path.</param>
    /// <param name="isHeldBack">More would be on its way, were it not for the window.</param>
    /// <param name="isUsed">Anything is on its way.</param>
    /// <param name="arrived">Bytes that arrived since the last time.</param>
    /// <param name="now">Timestamp.</param>
    public void Measure(ReadOnlySpan<PathSample> samples, bool isHeldBack, bool isUsed, long arrived, long now)
    {
        PathDelay? least = null;
        foreach (ref readonly var sample in samples)
        {
            if (Path(sample.Path, now) is not { } path || !path.TryMeasure(sample, now) || sample.IsIdle)
                continue;
            _measuredAt = now;
            if (least is null || path.Queue < least.Queue)
                least = path;
        }
        least = Doubt(least, isUsed && isHeldBack, now);
        ForgetOldPaths(now);
        if (isUsed)
            NoteUse(now);
        if (least is null)
        {
            OpenWhenBlind(isUsed, now);
            return;
        }
        _base = least.Base;
        _roundTrip += (least.RoundTrip - _roundTrip) * NewestWeight;
        Queue = Filter(least.Queue, now);
        var seconds = _updatedAt == long.MinValue ? 0 : (double)(now - _updatedAt) / ticksPerSecond;
        _updatedAt = now;
        if (IsSlowedDown)
        {
            if (now >= _resumeAt)
                Resume();
        }
        else if (now >= _slowdownAt)
        {
            Slowdowns++;
            SlowDown(now);
        }
        else
        {
            Follow(Queue, Math.Min(1, seconds / Math.Max(_roundTrip, ShortestRound)), isHeldBack, arrived, now);
        }
    }

    /// <summary>A member of the site slows down to see the empty queue: all do, or it sees ours.</summary>
    public void SlowDown(long now)
    {
        if (_slowedAt != long.MinValue && now - _slowedAt < SlowdownApart * ticksPerSecond)
            return;
        _slowedAt = now;
        _after = Bytes;
        Bytes = Least;
        _resumeAt = now + (long)(SlowdownRounds * Math.Max(_roundTrip, LeastRound) * ticksPerSecond);
        _slowdownAt = now + (long)(SlowdownPause * ticksPerSecond);
    }

    private void Resume()
    {
        _resumeAt = long.MaxValue;
        // What fills the pipe without a queue is known: the part of the window that was not in it.
        Bytes = Math.Max(_after * Math.Clamp(_base / (_base + target), 0.5, 1), Least);
        _isSlowStart = Bytes < Initial;
    }

    private void Follow(double queue, double rounds, bool isHeldBack, long arrived, long now)
    {
        if (queue > target)
        {
            EndSlowStart(now);
            // The part of the window that is too long in the queue, if all of the queue is ours; if it is not, the next round says so.
            Bytes *= 1 - rounds * Math.Min(MostShrink, (queue - target) / (_base + queue));
        }
        else if ((_isSlowStart || Bytes < Initial) && queue <= SlowStartEnd * target)
        {
            // Below the first window too: from the least one up it would take seconds to get anywhere.
            if (isHeldBack)
                Bytes += Math.Min(_isSlowStart ? Bytes : Initial - Bytes, Math.Max(SlowStartGain * arrived, rounds * Segment));
        }
        else
        {
            EndSlowStart(now);
            if (isHeldBack)
                Bytes += rounds * (Segment + Bytes * Math.Min(MostGrowth, GrowthGain * (target - queue) / (_base + queue)));
        }
        Bytes = Math.Clamp(Bytes, Least, Most);
    }

    /// <summary>
    /// Where the paths that data comes on show a queue, or for a while nothing: the path with the least queue of all that were measured a
    /// moment ago, whatever comes on them. Only of those known before there was a queue: a path first seen while there is one knows no
    /// other, and takes it for its length.
    /// </summary>
    private PathDelay? Doubt(PathDelay? least, bool isWaiting, long now)
    {
        if (least is null ? !isWaiting || now - _measuredAt <= SilentSeconds * ticksPerSecond : least.Queue <= target)
        {
            if (least is not null)
                _doubtfulSince = long.MaxValue;
            return least;
        }
        _doubtfulSince = Math.Min(_doubtfulSince, now);
        foreach (var path in _paths.Values)
        {
            var isKnown = path.KnownSince < _doubtfulSince && now - path.MeasuredAt <= ProbeSeconds * ticksPerSecond;
            if (isKnown && (least is null || path.Queue < least.Queue))
                least = path;
        }
        return least;
    }

    private double Filter(double queue, long now)
    {
        _seen[_seenCount++ % FilterLength] = (now, queue);
        foreach (var (at, seen) in _seen.AsSpan(0, (int)Math.Min(_seenCount, FilterLength)))
        {
            if (now - at <= FilterSeconds * ticksPerSecond)
                queue = Math.Min(queue, seen);
        }
        return queue;
    }

    private void EndSlowStart(long now)
    {
        if (!_isSlowStart)
            return;
        _isSlowStart = false;
        if (_slowdownAt == long.MaxValue)
            _slowdownAt = now + (long)(SlowdownRounds * _roundTrip * ticksPerSecond);
    }

    /// <summary>A kernel that tells nothing: there is nothing to go by, and the first window must not be the last.</summary>
    private void OpenWhenBlind(bool isUsed, long now)
    {
        if (_updatedAt != long.MinValue || !isUsed)
            return;
        if (_blindSince == long.MinValue)
            _blindSince = now;
        else if (now - _blindSince > BlindSeconds * ticksPerSecond)
            Bytes = Most;
    }

    private void NoteUse(long now)
    {
        if (_usedAt != long.MinValue && now - _usedAt > IdleSeconds * ticksPerSecond && !IsSlowedDown)
        {
            Bytes = Math.Min(Bytes, Initial);
            _isSlowStart = true;
        }
        _usedAt = now;
    }

    private PathDelay? Path(int number, long now)
    {
        if (_paths.TryGetValue(number, out var path) || _paths.Count >= MaxPaths)
            return path;
        return _paths[number] = new PathDelay(ticksPerSecond, now);
    }

    private void ForgetOldPaths(long now)
    {
        foreach (var (number, path) in _paths)
        {
            if (now - path.SeenAt > PathIdleSeconds * ticksPerSecond)
                _old.Add(number);
        }
        foreach (var number in _old)
            _paths.Remove(number);
        _old.Clear();
    }
}
