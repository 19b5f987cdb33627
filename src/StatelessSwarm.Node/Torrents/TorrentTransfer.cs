using Microsoft.Extensions.Logging;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Node.Neighbours;
using StatelessSwarm.Swarm.Hosting;

namespace StatelessSwarm.Node.Torrents;

/// <summary>Downloads or serves one torrent: what <c>stateless torrent get</c> and <c>serve</c> do.</summary>
public static class TorrentTransfer
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Runs until the download is complete, or, when serving, until cancelled. Trackers are told before it returns.
    /// </summary>
    /// <param name="options">What and where.</param>
    /// <param name="onReady">Told the port once peers are accepted.</param>
    /// <param name="onComplete">Told the counters once every piece is there; not called for seeds.</param>
    /// <param name="progress">Told the counters four times a second.</param>
    /// <param name="time">Clock.</param>
    /// <param name="loggers">Loggers.</param>
    /// <param name="cancellation">Stops; the files and the journal stay for the next time.</param>
    /// <exception cref="IOException">A file or the port fails.</exception>
    public static async Task RunAsync(
        TransferOptions options,
        Action<int> onReady,
        Action<TorrentStatus> onComplete,
        IProgress<TorrentStatus> progress,
        TimeProvider time,
        ILoggerFactory loggers,
        CancellationToken cancellation
    )
    {
        await using var host = await StartHostAsync(options, time, loggers, cancellation);
        await RunAsync(host, options, onReady, onComplete, progress, time, loggers, cancellation);
    }

    /// <summary>The host these options ask for.</summary>
    internal static Task<SwarmHost> StartHostAsync(
        TransferOptions options,
        TimeProvider time,
        ILoggerFactory loggers,
        CancellationToken cancellation
    ) =>
        SwarmHost.StartAsync(options.Swarm, time, loggers, cancellation);

    /// <summary>As above, on a host that is there already.</summary>
    internal static async Task RunAsync(
        SwarmHost host,
        TransferOptions options,
        Action<int> onReady,
        Action<TorrentStatus> onComplete,
        IProgress<TorrentStatus> progress,
        TimeProvider time,
        ILoggerFactory loggers,
        CancellationToken cancellation
    )
    {
        Directory.CreateDirectory(options.Directory);
        var session = await host.AddAsync(options.ToTorrent(), cancellation);
        await using var local = options.UseLocalDiscovery && options.Metainfo.Info is { IsPrivate: false, Authority: null }
            ? await LocalSwarms.StartAsync(
                options.LocalDiscovery with
                {
                    ListenAddresses = options.Swarm.ListenAddresses,
                },
                host.Port,
                time,
                loggers.CreateLogger<LocalSwarms>(),
                cancellation
            )
            : null;
        if (local is not null)
            await local.JoinAsync(session);
        foreach (var peer in options.Peers)
            session.AddPeer(peer, PeerSource.Manual);
        onReady(host.Port);
        if (!options.IsSeed)
        {
            await ReportUntilAsync(session.Completion, session, progress, time, cancellation);
            onComplete(session.Status);
            if (!options.ServesAfterwards)
                return;
        }
        var forever = new TaskCompletionSource();
        await using var stop = cancellation.Register(() => forever.TrySetCanceled(cancellation));
        await ReportUntilAsync(forever.Task, session, progress, time, cancellation);
    }

    private static async Task ReportUntilAsync(
        Task end,
        TorrentSession session,
        IProgress<TorrentStatus> progress,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        while (!end.IsCompleted)
        {
            progress.Report(session.Status);
            await Task.WhenAny(end, Task.Delay(ProgressInterval, time, cancellation));
            cancellation.ThrowIfCancellationRequested();
        }
        await end;
    }
}
