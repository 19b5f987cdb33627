namespace StatelessSwarm.Swarm.Trackers;

/// <summary>
/// Which tracker is asked next (BEP 12). Tiers are asked in order, the trackers of a tier in an order of chance; the
/// first that answers moves to the front of its tier and ends the round, and a tier is asked only when all before it
/// failed.
/// <para>
/// A tracker that fails is left alone for 1 s, doubling with each failure: up to 30 min while another one answers, up
/// to 60 s while none does, and up to 5 s for a torrent without peers, because others may be booting at this very
/// moment.
/// </para>
/// Time is what the caller says it is.
/// </summary>
internal sealed class TrackerTiers
{
    /// <summary>Trackers of a torrent at most; the rest is left out.</summary>
    public const int MaxCount = 64;

    /// <summary>First pause after a failure.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    /// <summary>Longest pause of a tracker while another one answers.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(30);

    /// <summary>Longest pause while no tracker answers.</summary>
    public static readonly TimeSpan LongestPauseOfAll = TimeSpan.FromSeconds(60);

    /// <summary>Longest pause while no tracker answers and the torrent has no peers.</summary>
    public static readonly TimeSpan LongestPauseAlone = TimeSpan.FromSeconds(5);

    private const int MaxDoublings = 11;

    private readonly List<List<Tracker>> _tiers = [];

    /// <summary>Takes the tiers, each shuffled; a tracker named twice counts once.</summary>
    /// <param name="tiers">URLs by tier.</param>
    /// <param name="random">Shuffles.</param>
    public TrackerTiers(IReadOnlyList<IReadOnlyList<Uri>> tiers, Random random)
    {
        var seen = new HashSet<Uri>();
        foreach (var urls in tiers)
        {
            Tracker[] tier = [.. urls.Where(url => seen.Count < MaxCount && seen.Add(url)).Select(url => new Tracker(url))];
            random.Shuffle(tier);
            if (tier.Length > 0)
                _tiers.Add([.. tier]);
        }
    }

    /// <summary>Every tracker, in the order of asking.</summary>
    public IReadOnlyList<Tracker> All => [.. _tiers.SelectMany(tier => tier)];

    /// <summary>Those to ask in a round that begins now, in order.</summary>
    public IReadOnlyList<Tracker> Due(TimeSpan now) => [.. All.Where(tracker => tracker.NotBefore <= now)];

    /// <summary>When <see cref="Due"/> has something to say again.</summary>
    public TimeSpan NextDue => All.Min(tracker => tracker.NotBefore);

    /// <summary>A tracker answered: it is the first of its tier from now on.</summary>
    public void Answered(Tracker tracker)
    {
        tracker.IsKnown = true;
        tracker.Failures = 0;
        tracker.NotBefore = TimeSpan.Zero;
        var tier = _tiers.Find(tier => tier.Contains(tracker))!;
        tier.Remove(tracker);
        tier.Insert(0, tracker);
    }

    /// <summary>A tracker failed.</summary>
    public void Failed(Tracker tracker, TimeSpan now, bool isAlone)
    {
        tracker.Failures++;
        var longest =
            All.Any(other => other.Works) ? LongestPause
            : isAlone ? LongestPauseAlone
            : LongestPauseOfAll;
        var pause = FirstPause * (1 << Math.Min(tracker.Failures - 1, MaxDoublings));
        tracker.NotBefore = now + (pause < longest ? pause : longest);
    }
}
