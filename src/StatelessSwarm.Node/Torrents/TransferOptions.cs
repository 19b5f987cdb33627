using System.Net;
using StatelessSwarm.Content.Torrents;

namespace StatelessSwarm.Node.Torrents;

/// <summary>One torrent, taken part in by hand: no channel, no signature, no activation.</summary>
public sealed record TransferOptions
{
    /// <summary>A v2 or hybrid torrent.</summary>
    public required Metainfo Metainfo { get; init; }

    /// <summary>Directory that holds (or will hold) the torrent's file, or the directory of its files, under the torrent's name.</summary>
    public required string Directory { get; init; }

    /// <summary>The files are complete: serve them.</summary>
    public bool IsSeed { get; init; }

    /// <summary>Go on serving after the download, until cancelled.</summary>
    public bool ServesAfterwards { get; init; }

    /// <summary>Addresses to accept peers on.</summary>
    public IReadOnlyList<IPAddress> ListenAddresses { get; init; } = [IPAddress.IPv6Any];

    /// <summary>TCP port for peers, 0 for a free one.</summary>
    public int Port { get; init; } = 6881;

    /// <summary>Peers to connect to beside those that trackers name.</summary>
    public IReadOnlyList<IPEndPoint> Peers { get; init; } = [];

    /// <summary>Trackers beside those in the torrent.</summary>
    public IReadOnlyList<Uri> Trackers { get; init; } = [];

    /// <summary>Web seeds (BEP 19) beside those in the torrent.</summary>
    public IReadOnlyList<Uri> WebSeeds { get; init; } = [];

    /// <summary>Use web seeds, the torrent's own among them.</summary>
    public bool UsesWebSeeds { get; init; } = true;

    /// <summary>Bytes per second sent, 0 for no limit.</summary>
    public long UploadBytesPerSecond { get; init; }

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
