using StatelessSwarm.Discovery.Messages;

namespace StatelessSwarm.Discovery.Responding;

/// <summary>What is claimed: one name that must be ours alone, its records, and shared records that point at it.</summary>
/// <param name="Key">0 for the host, the registration's number for a service.</param>
/// <param name="Name">Host name or service instance name.</param>
/// <param name="Unique">Records of that name; nobody else may have others of these types.</param>
/// <param name="Shared">Records of common names, which others have, too.</param>
/// <param name="Common">Shared records every holder of which says the same, so that no goodbye may be said for them.</param>
internal sealed record ClaimContent(
    int Key,
    DomainName Name,
    IReadOnlyList<ResourceRecord> Unique,
    IReadOnlyList<ResourceRecord> Shared,
    IReadOnlyList<ResourceRecord> Common
)
{
    /// <summary>Key of the host's claim.</summary>
    public const int HostKey = 0;

    /// <summary>Seconds records with a host name in owner or data live (RFC 6762 10).</summary>
    public const uint HostSeconds = 120;

    /// <summary>Seconds other records live (RFC 6762 10).</summary>
    public const uint OtherSeconds = 4500;
}
