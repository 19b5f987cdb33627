namespace StatelessSwarm.Content.Torrents;

/// <summary>What a new torrent is made of.</summary>
public sealed record TorrentBuildOptions
{
    /// <summary>Name of the directory that holds the files; equal to the path of the only file for a single-file torrent.</summary>
    public required string Name { get; init; }

    /// <summary>Protocol versions the torrent is for; default hybrid.</summary>
    public TorrentKind Kind { get; init; } = TorrentKind.Hybrid;

    /// <summary>v1-only: pad files (BEP 47) begin every file at a piece. Hybrid torrents have them always, v2-only ones never.</summary>
    public bool PadsFiles { get; init; }

    /// <summary>Private (BEP 27): peers come from its trackers only. Part of the info hash.</summary>
    public bool IsPrivate { get; init; }

    /// <summary>
    /// Certificate in PEM whose holders alone may take part (<see cref="TorrentInfo.Authority"/>), or null for an open torrent. Part of
    /// the info hash.
    /// </summary>
    public string? Authority { get; init; }

    /// <summary>Text for <c>comment</c> (BEP 3), 1 to 4096 bytes of UTF-8 without control characters, or null.</summary>
    public string? Comment { get; init; }

    /// <summary>Program named in <c>created by</c>, 1 to 4096 bytes of UTF-8 without control characters, or null.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>Bytes per piece, a power of two from 16 KiB to 16 MiB; 0 picks 256 KiB up to 1 GiB of content, doubling per
    /// doubling after that, 4 MiB at most (research: small pieces relay sooner).</summary>
    public int PieceLength { get; init; }

    /// <summary>Tracker URLs, one tier each.</summary>
    public IReadOnlyList<string> Trackers { get; init; } = [];

    /// <summary>Web seed base URLs (BEP 19).</summary>
    public IReadOnlyList<string> WebSeeds { get; init; } = [];

    /// <summary>Seconds since 1970 for <c>creation date</c>, or null to leave it out.</summary>
    public long? CreationUnixSeconds { get; init; }
}
