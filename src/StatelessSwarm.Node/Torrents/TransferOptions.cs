using System.Net;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Discovery.LocalDiscovery;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Swarm.Magnets;
using StatelessSwarm.Swarm.Trackers;

namespace StatelessSwarm.Node.Torrents;

/// <summary>One torrent, taken part in by hand: no channel, no signature, no activation.</summary>
public sealed record TransferOptions
{
    /// <summary>The torrent, of any kind. Must be set, but for <see cref="MagnetTransfer"/>, which finds it.</summary>
    public Metainfo Metainfo
    {
        get => field ?? throw new InvalidOperationException("The torrent is not known yet.");
        init;
    }

    /// <summary>Directory that holds (or will hold) the torrent's file, or the directory of its files, under the torrent's name.</summary>
    public required string Directory { get; init; }

    /// <summary>The files are complete: serve them.</summary>
    public bool IsSeed { get; init; }

    /// <summary>Go on serving after the download, until cancelled.</summary>
    public bool ServesAfterwards { get; init; }

    /// <summary>Where peers are accepted, and limits over all connections.</summary>
    public SwarmOptions Swarm { get; init; } = new();

    /// <summary>Limits and habits of the engine.</summary>
    public EngineOptions Engine { get; init; } = new();

    /// <summary>Peers to connect to beside those that trackers name.</summary>
    public IReadOnlyList<IPEndPoint> Peers { get; init; } = [];

    /// <summary>Trackers to try before those in the torrent or the magnet link, in this order.</summary>
    public IReadOnlyList<Uri> Trackers { get; init; } = [];

    /// <summary>Use the trackers in the torrent or the magnet link, too.</summary>
    public bool UsesOwnTrackers { get; init; } = true;

    /// <summary>See <see cref="TorrentAddOptions.AnnouncesEveryHash"/>.</summary>
    public bool AnnouncesEveryHash { get; init; } = true;

    /// <summary>Announce the torrent on the local network and look for peers there (LSD, BEP 14); never done for a
    /// private torrent.</summary>
    public bool UseLocalDiscovery { get; init; } = true;

    /// <summary>Where that is done; the addresses are those of <see cref="Swarm"/>.</summary>
    public LocalServiceDiscoveryOptions LocalDiscovery { get; init; } = new();

    /// <summary>See <see cref="TorrentAddOptions.NeighbourWait"/>; zero without local discovery.</summary>
    public TimeSpan NeighbourWait { get; init; } = TorrentAddOptions.TimeToHearOfNeighbours;

    /// <summary>Web seeds (BEP 19) beside those in the torrent.</summary>
    public IReadOnlyList<Uri> WebSeeds { get; init; } = [];

    /// <summary>Use web seeds, the torrent's own among them.</summary>
    public bool UsesWebSeeds { get; init; } = true;

    /// <summary>See <see cref="TorrentAddOptions.WebSeedDelay"/>.</summary>
    public TimeSpan WebSeedDelay { get; init; }

    /// <summary>See <see cref="TorrentAddOptions.MaxWebSeeds"/>.</summary>
    public int MaxWebSeeds { get; init; } = 16;

    /// <summary>See <see cref="TorrentAddOptions.WebSeedTransfers"/>.</summary>
    public int WebSeedTransfers { get; init; } = 4;

    /// <summary>See <see cref="MagnetOptions.MaxConnections"/>.</summary>
    public int MagnetConnections { get; init; } = 12;

    /// <summary>Path of the resume journal; default beside the files.</summary>
    public string JournalPath
    {
        get => field ?? Path.Combine(Path.GetFullPath(Directory), $".{Metainfo.Info.Name}.resume");
        init;
    }

    /// <summary>Absolute path of each of the torrent's files, in its order.</summary>
    public IReadOnlyList<string> FilePaths => [.. Metainfo.Info.Files.Select(file => PathOf(file.Path))];

    /// <summary>What the host of the torrent is told.</summary>
    public TorrentAddOptions ToTorrent() =>
        new()
        {
            Metainfo = Metainfo,
            FilePaths = FilePaths,
            JournalPath = IsSeed ? null : JournalPath,
            IsSeed = IsSeed,
            Engine = Engine,
            NeighbourWait = UseLocalDiscovery && !Metainfo.Info.IsPrivate ? NeighbourWait : TimeSpan.Zero,
            Trackers =
            [
                .. Trackers.Select(url => (Uri[])[url]),
                .. UsesOwnTrackers ? TrackerUrl.ParseTiers(Metainfo.TrackerTiers) : [],
            ],
            AnnouncesEveryHash = AnnouncesEveryHash,
            WebSeeds = UsesWebSeeds && !IsSeed ? [.. WebSeeds, .. TorrentAddOptions.WebSeedsOf(Metainfo)] : [],
            WebSeedDelay = WebSeedDelay,
            MaxWebSeeds = MaxWebSeeds,
            WebSeedTransfers = WebSeedTransfers,
        };

    /// <summary>What the host is told to find the torrent that a link names.</summary>
    public MagnetOptions ToMagnet(MagnetLink link) =>
        new()
        {
            Link = link,
            Peers = Peers,
            Trackers = [.. Trackers, .. UsesOwnTrackers ? TrackersOf(link) : []],
            MaxConnections = MagnetConnections,
        };

    private static IEnumerable<Uri> TrackersOf(MagnetLink link)
    {
        foreach (var text in link.Trackers)
        {
            if (TrackerUrl.TryParse(text, out var url))
                yield return url;
        }
    }

    private string PathOf(string path)
    {
        var info = Metainfo.Info;
        var root = Path.GetFullPath(Directory);
        // A single-file torrent's only path is its name.
        return info.IsMultiFile ? Path.Combine(root, info.Name, path) : Path.Combine(root, path);
    }
}
