namespace StatelessSwarm.Swarm.Trackers;

/// <summary>One tracker of a torrent and how it has behaved.</summary>
internal sealed class Tracker(Uri url)
{
    /// <summary>Where it is.</summary>
    public Uri Url { get; } = url;

    /// <summary>It has answered once, so it thinks we are there until we say good-bye.</summary>
    public bool IsKnown { get; set; }

    /// <summary>Announces that failed since it last answered.</summary>
    public int Failures { get; set; }

    /// <summary>It is left alone until then, in the torrent's time.</summary>
    public TimeSpan NotBefore { get; set; }

    /// <summary>It answered the last time it was asked.</summary>
    public bool Works => IsKnown && Failures == 0;
}
