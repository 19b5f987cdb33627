using Microsoft.Extensions.Logging;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Swarm.Hosting;

namespace StatelessSwarm.Node.Torrents;

/// <summary>Downloads what a magnet link names: first the torrent from peers, then, as <see cref="TorrentTransfer"/>, its content.</summary>
public static class MagnetTransfer
{
    /// <summary>True when somebody can be asked: a peer or a tracker we speak with is named.</summary>
    public static bool CanBegin(MagnetLink link, TransferOptions options) =>
        link.Peers.Count > 0 || options.ToMagnet(link) is { Peers.Count: > 0 } or { Trackers.Count: > 0 };

    /// <summary>Runs until the download is complete (or, serving afterwards, until cancelled).</summary>
    /// <param name="link">The link.</param>
    /// <param name="options">Where to and how; without a torrent.</param>
    /// <param name="onResolved">Told the torrent as soon as it is there, before anything is written.</param>
    /// <param name="onReady">Told the port once peers are accepted.</param>
    /// <param name="onComplete">Told the counters once every piece is there.</param>
    /// <param name="progress">Told the counters four times a second.</param>
    /// <param name="time">Clock.</param>
    /// <param name="loggers">Loggers.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="IOException">A file or the port fails.</exception>
    /// <exception cref="Content.ContentException">The link leads to no torrent we can use.</exception>
    public static async Task RunAsync(
        MagnetLink link,
        TransferOptions options,
        Action<Metainfo> onResolved,
        Action<int> onReady,
        Action<TorrentStatus> onComplete,
        IProgress<TorrentStatus> progress,
        TimeProvider time,
        ILoggerFactory loggers,
        CancellationToken cancellation
    )
    {
        await using var host = await TorrentTransfer.StartHostAsync(options, time, loggers, cancellation);
        var found = await host.ResolveAsync(options.ToMagnet(link), cancellation);
        onResolved(found.Metainfo);
        var known = options with { Metainfo = found.Metainfo, Peers = [.. options.Peers.Union(found.Peers)] };
        await TorrentTransfer.RunAsync(host, known, onReady, onComplete, progress, time, loggers, cancellation);
    }
}
