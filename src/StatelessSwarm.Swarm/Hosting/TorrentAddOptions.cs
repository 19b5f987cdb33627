using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Swarm.Storage;

namespace StatelessSwarm.Swarm.Hosting;

/// <summary>A torrent to take part in.</summary>
public sealed record TorrentAddOptions
{
    /// <summary>The torrent, with its piece layers unless it is v1-only.</summary>
    public required Metainfo Metainfo { get; init; }

    /// <summary>Absolute path of each of <see cref="TorrentInfo.Files"/>, in order. Missing files are created and preallocated.</summary>
    public required IReadOnlyList<string> FilePaths { get; init; }

    /// <summary>Resume journal: which pieces are verified. Without one, and with null, what is there is hashed at start.</summary>
    public string? JournalPath { get; init; }

    /// <summary>The files are complete and verified already: serve them read-only, do not hash them again.</summary>
    public bool IsSeed { get; init; }

    /// <summary>
    /// Finds what else of the files is on this machine, writes it where it belongs, and says where that is. Called once, before anybody is
    /// asked for anything, when the files are open and preallocated; must write nowhere but in what is needed. What it says is not believed:
    /// whole pieces are hashed, of others the missing stretches are fetched and then the piece is hashed. Not called for torrents without
    /// block hashes (v1-only) and for complete ones.
    /// </summary>
    public Func<NeededStretches, CancellationToken, Task<IReadOnlyList<KnownStretch>>>? FindKnown { get; init; }

    /// <summary>Limits and habits of the engine. Its peer id and port are filled in by the host.</summary>
    public EngineOptions Engine { get; init; } = new();

    /// <summary>
    /// Time at the start during which nothing is asked of peers beyond the WAN link, because neighbours are still being heard of; default
    /// zero. <see cref="TimeToHearOfNeighbours"/> for who listens to multicast.
    /// </summary>
    public TimeSpan NeighbourWait { get; init; }

    /// <summary>
    /// 500 ms: a question by multicast is answered within 120 ms (RFC 6762 6), a tracker within a round trip; then come a connection, its
    /// handshakes and an unchoke on the LAN.
    /// </summary>
    public static readonly TimeSpan TimeToHearOfNeighbours = TimeSpan.FromMilliseconds(500);

    /// <summary>Trackers to announce to, by tier (BEP 12): HTTP (BEP 3, 7, 23) and UDP (BEP 15); see
    /// <see cref="StatelessSwarm.Swarm.Trackers.TrackerUrl"/>.</summary>
    public IReadOnlyList<IReadOnlyList<Uri>> Trackers { get; init; } = [];

    /// <summary>
    /// Announce a hybrid torrent under its v2 hash as well, where peers that know that one only look for it (BEP 52); default true. Without it
    /// only the v1 hash is told.
    /// </summary>
    public bool AnnouncesEveryHash { get; init; } = true;

    /// <summary>Web seeds (BEP 19), http and https; the first <see cref="MaxWebSeeds"/> are used. See <see cref="WebSeedsOf"/>.</summary>
    public IReadOnlyList<Uri> WebSeeds { get; init; } = [];

    /// <summary>
    /// Time without a peer that gives us anything before web seeds are used, and they are given up again once complete peers do; default
    /// zero: they are used from the first second, beside peers.
    /// </summary>
    public TimeSpan WebSeedDelay { get; init; }

    /// <summary>Web seeds used at most; default 16.</summary>
    public int MaxWebSeeds { get; init; } = 16;

    /// <summary>Range requests under way at one web seed at a time; default 4.</summary>
    public int WebSeedTransfers { get; init; } = 4;

    /// <summary>The web seeds that a torrent names and that can be used.</summary>
    public static IEnumerable<Uri> WebSeedsOf(Metainfo metainfo) =>
        metainfo
            .WebSeeds.Select(text => Uri.TryCreate(text, UriKind.Absolute, out var url) ? url : null)
            .OfType<Uri>()
            .Where(url => url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps);
}
