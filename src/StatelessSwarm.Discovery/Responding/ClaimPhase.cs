namespace StatelessSwarm.Discovery.Responding;

/// <summary>How far a link has accepted our names (RFC 6762 8).</summary>
internal enum ClaimPhase
{
    /// <summary>Asking whether the names are free; questions about them stay unanswered.</summary>
    Probing,

    /// <summary>Telling everybody, unasked; questions are answered.</summary>
    Announcing,

    /// <summary>Answering questions.</summary>
    Established,
}
