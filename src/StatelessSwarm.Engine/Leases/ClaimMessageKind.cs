namespace StatelessSwarm.Engine.Leases;

/// <summary>What an <c>ss</c> message says; frozen.</summary>
internal enum ClaimMessageKind
{
    /// <summary>Pieces the sender is fetching, each with the blocks it has of it: new claims and signs of life.</summary>
    Claims = 1,

    /// <summary>Pieces the sender no longer fetches.</summary>
    Releases = 2,

    /// <summary>The sender falls behind its neighbours and leaves scarce sources to those that do not. No numbers.</summary>
    Behind = 3,

    /// <summary>The sender is no longer behind. No numbers.</summary>
    CaughtUp = 4,
}
