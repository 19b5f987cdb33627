using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Discovery.LocalDiscovery;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Swarm.Hosting;

namespace StatelessSwarm.Node.Neighbours;

/// <summary>
/// Tells BitTorrent clients of any make on the local network which torrents we take part in, and those torrents of the
/// clients, by local service discovery (BEP 14). A hybrid torrent is told under both its hashes, a private one (BEP
/// 27) and a closed one under none. All members may be called from any thread.
/// </summary>
internal sealed class LocalSwarms : IAsyncDisposable
{
    private readonly LocalServiceDiscovery _discovery;
    private readonly int _port;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<SwarmHash, TorrentSession> _sessions = [];
    private readonly Task _reading;

    private LocalSwarms(LocalServiceDiscovery discovery, int port, ILogger logger)
    {
        _discovery = discovery;
        _port = port;
        _logger = logger;
        _reading = ReadAsync();
    }

    /// <summary>Starts with no torrents.</summary>
    /// <param name="options">Where; with the addresses peers are accepted on.</param>
    /// <param name="port">TCP port peers are accepted on.</param>
    /// <param name="time">Clock.</param>
    /// <param name="logger">Told of peers found.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<LocalSwarms> StartAsync(
        LocalServiceDiscoveryOptions options,
        int port,
        TimeProvider time,
        ILogger logger,
        CancellationToken cancellation
    ) => new(await LocalServiceDiscovery.StartAsync(options, time, logger, cancellation), port, logger);

    /// <summary>Announces a torrent and names it the peers that are heard.</summary>
    public async Task JoinAsync(TorrentSession session)
    {
        foreach (var swarm in SwarmsOf(session.Metainfo.Info))
        {
            _sessions[swarm] = session;
            await _discovery.AnnounceAsync(swarm, _port);
        }
    }

    /// <summary>Announces a torrent no more.</summary>
    public async Task LeaveAsync(TorrentSession session)
    {
        foreach (var swarm in SwarmsOf(session.Metainfo.Info))
        {
            if (_sessions.TryRemove(new KeyValuePair<SwarmHash, TorrentSession>(swarm, session)))
                await _discovery.WithdrawAsync(swarm);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _discovery.DisposeAsync();
        await _reading;
    }

    /// <summary>Names a torrent is announced under.</summary>
    internal static IEnumerable<SwarmHash> SwarmsOf(TorrentInfo info)
    {
        if (info.IsPrivate || info.Authority is not null)
            yield break;
        foreach (var hash in info.WireHashes)
            yield return new SwarmHash(hash.AsSpan());
    }

    private async Task ReadAsync()
    {
        await foreach (var (swarm, endPoint) in _discovery.ReadFoundAsync(CancellationToken.None))
        {
            if (!_sessions.TryGetValue(swarm, out var session))
                continue;
            NodeLog.LocalPeer(_logger, endPoint, session.Metainfo.Info.Name);
            session.AddPeer(endPoint, PeerSource.Neighbour);
        }
    }
}
