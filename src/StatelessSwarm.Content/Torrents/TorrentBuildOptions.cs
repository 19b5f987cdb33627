namespace StatelessSwarm.Content.Torrents;

/// <summary>What a new torrent is made of.</summary>
public sealed record TorrentBuildOptions
{
    /// <summary>Name of the directory that holds the files; equal to the path of the only file for a single-file torrent.</summary>
    public required string Name { get; init; }

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
