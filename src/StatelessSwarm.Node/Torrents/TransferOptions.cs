using System.Net;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Engine.Limits;

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

    /// <summary>As a seed: show every peer pieces of its own until the swarm holds all of them (BEP 16).</summary>
    public bool SuperSeeds { get; init; }

    /// <summary>Go on serving after the download, until cancelled.</summary>
    public bool ServesAfterwards { get; init; }

    /// <summary>Addresses to accept peers on.</summary>
    public IReadOnlyList<IPAddress> ListenAddresses { get; init; } = [IPAddress.IPv6Any];

    /// <summary>TCP port for peers, 0 for a free one.</summary>
    public int Port { get; init; } = 6881;

    /// <summary>Peers to connect to beside those that trackers name.</summary>
    public IReadOnlyList<IPEndPoint> Peers { get; init; } = [];

    /// <summary>Trackers to try before those in the torrent, in this order.</summary>
    public IReadOnlyList<Uri> Trackers { get; init; } = [];

    /// <summary>Announce the torrent on the local network and look for peers there (LSD, BEP 14); never done for a
    /// private torrent.</summary>
    public bool UseLocalDiscovery { get; init; } = true;

    /// <summary>Web seeds (BEP 19) beside those in the torrent.</summary>
    public IReadOnlyList<Uri> WebSeeds { get; init; } = [];

    /// <summary>Use web seeds, the torrent's own among them.</summary>
    public bool UsesWebSeeds { get; init; } = true;

    /// <summary>Bytes per second sent, 0 for no limit.</summary>
    public long UploadBytesPerSecond { get; init; }

    /// <summary>Most bytes per second near and far.</summary>
    public TransferLimits Limits { get; init; } = TransferLimits.None;

    /// <summary>Transfers beyond the WAN link give way to other traffic.</summary>
    public bool IsBackground { get; init; }

    /// <summary>Absolute path of each of the torrent's files, in its order.</summary>
    public IReadOnlyList<string> FilePaths => [.. Metainfo.Info.Files.Select(file => PathOf(file.Path))];

    /// <summary>Path of the resume journal, beside the files.</summary>
    public string JournalPath => Path.Combine(Path.GetFullPath(Directory), $".{Metainfo.Info.Name}.resume");

    private string PathOf(string path)
    {
        var info = Metainfo.Info;
        var root = Path.GetFullPath(Directory);
        // A single-file torrent's only path is its name.
        return info.IsMultiFile ? Path.Combine(root, info.Name, path) : Path.Combine(root, path);
    }
}
