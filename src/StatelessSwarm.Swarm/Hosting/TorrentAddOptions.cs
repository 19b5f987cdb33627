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

    /// <summary>HTTP trackers to announce to (BEP 3, 7, 23), in order of preference.</summary>
    public IReadOnlyList<Uri> Trackers { get; init; } = [];

    /// <summary>Web seeds (BEP 19), http and https; the first 16 are used. See <see cref="WebSeedsOf"/>.</summary>
    public IReadOnlyList<Uri> WebSeeds { get; init; } = [];

    /// <summary>
    /// Time without a peer that gives us anything before web seeds are used, and they are given up again once complete peers do; default
    /// zero: they are used from the first second, beside peers.
    /// </summary>
    public TimeSpan WebSeedDelay { get; init; }

    /// <summary>The web seeds that a torrent names and that can be used.</summary>
    public static IEnumerable<Uri> WebSeedsOf(Metainfo metainfo) =>
        metainfo
            .WebSeeds.Select(text => Uri.TryCreate(text, UriKind.Absolute, out var url) ? url : null)
            .OfType<Uri>()
            .Where(url => url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps);
}
