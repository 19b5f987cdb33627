using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Node.Status;

/// <summary>What getting one release took, from the first look at it to its activation.</summary>
public sealed record UpdateRecord
{
    /// <summary>Which release.</summary>
    public required Sha256Digest Digest { get; init; }

    /// <summary>Its version.</summary>
    public required string Version { get; init; }

    /// <summary>Its build number.</summary>
    public required long Build { get; init; }

    /// <summary>Bytes of its files.</summary>
    public required long TotalBytes { get; init; }

    /// <summary>Bytes by source. After a restart, what was fetched before it counts as disk.</summary>
    public required SourceBytes Sources { get; init; }

    /// <summary>Bytes thrown away.</summary>
    public long WastedBytes { get; init; }

    /// <summary>When it was first seen by this process, milliseconds since 1970 UTC.</summary>
    public required long StartedUnixMilliseconds { get; init; }

    /// <summary>When it was in place (current, or next by policy), milliseconds since 1970 UTC.</summary>
    public required long FinishedUnixMilliseconds { get; init; }

    /// <summary>Milliseconds spent fetching.</summary>
    public required long DownloadMilliseconds { get; init; }

    /// <summary>Milliseconds spent reading it back, comparing and syncing.</summary>
    public required long VerifyMilliseconds { get; init; }

    /// <summary>Milliseconds from start to finish, by a clock that never jumps.</summary>
    public required long TotalMilliseconds { get; init; }
}
