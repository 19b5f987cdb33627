using StatelessSwarm.Content.Torrents;

namespace StatelessSwarm.Swarm.Hosting;

/// <summary>A torrent to take part in.</summary>
public sealed record TorrentAddOptions
{
    /// <summary>A v2 or hybrid torrent with its piece layers.</summary>
    public required Metainfo Metainfo { get; init; }

    /// <summary>Absolute path of each of <see cref="TorrentInfo.Files"/>, in order. Missing files are created and preallocated.</summary>
    public required IReadOnlyList<string> FilePaths { get; init; }

    /// <summary>Resume journal: which pieces are verified. Null keeps none and hashes what is there at start.</summary>
    public string? JournalPath { get; init; }

    /// <summary>The files are complete and verified already: serve them read-only, do not hash them again.</summary>
    public bool IsSeed { get; init; }

    /// <summary>Trackers to announce to, by tier (BEP 12): HTTP (BEP 3, 7, 23) and UDP (BEP 15); see
    /// <see cref="StatelessSwarm.Swarm.Trackers.TrackerUrl"/>.</summary>
    public IReadOnlyList<IReadOnlyList<Uri>> Trackers { get; init; } = [];
}
