namespace StatelessSwarm.Swarm.Trackers;

/// <summary>The <c>event</c> of an announce (BEP 3).</summary>
internal enum AnnounceEvent
{
    /// <summary>A regular one.</summary>
    None,

    /// <summary>The first one.</summary>
    Started,

    /// <summary>The download has just finished.</summary>
    Completed,

    /// <summary>We leave.</summary>
    Stopped,
}
