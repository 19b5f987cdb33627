namespace StatelessSwarm.Engine.Leases;

/// <summary>What an <c>ss</c> message says; frozen.</summary>
internal enum ClaimMessageKind
{
    /// <summary>Pieces the sender is fetching, each with the blocks it has of it (1 when it has only asked): new claims and signs of life.</summary>
    Claims = 1,

    /// <summary>Pieces the sender no longer fetches.</summary>
    Releases = 2,

    /// <summary>The sender falls behind its neighbours and leaves scarce sources to those that do not. No numbers.</summary>
    Behind = 3,

    /// <summary>The sender is no longer behind. No numbers.</summary>
    CaughtUp = 4,

    /// <summary>
    /// What the sender needs of the site's WAN link, and what it has heard of others: a count of its slowdowns, then four numbers per
    /// member (name, KiB/s down, KiB/s up, age in milliseconds), the sender first.
    /// </summary>
    Needs = 5,

    /// <summary>
    /// Pieces the receiver claims although another neighbour of the sender, whom it may not be connected to, has them or comes first; each with
    /// the blocks that one has of it.
    /// </summary>
    Taken = 6,
}
