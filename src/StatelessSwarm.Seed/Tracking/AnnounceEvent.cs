namespace StatelessSwarm.Seed.Tracking;

/// <summary>Why a peer announces (BEP 3 <c>event</c>).</summary>
internal enum AnnounceEvent
{
    /// <summary>A regular announce: no event, an empty one, or one we do not know (BEP 21 <c>paused</c>).</summary>
    None,

    /// <summary>First announce.</summary>
    Started,

    /// <summary>The download has just ended.</summary>
    Completed,

    /// <summary>The peer leaves.</summary>
    Stopped,
}
