using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Swarm.WebSeeds;

namespace StatelessSwarm.Swarm.Hosting;

/// <summary>Web seeds come and go: the owner looks at the roster twice a second while anything is missing.</summary>
public sealed partial class TorrentSession
{
    private readonly WebSeedRoster? _webSeeds;
    private readonly ITimer? _webSeedTimer;
    private readonly int _webSeedTransfers;

    private void LookAtWebSeeds()
    {
        if (_webSeeds is null || _engine.IsComplete)
        {
            _webSeedTimer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }
        foreach (var connection in _connections.Values)
        {
            if (connection is WebSeedConnection webSeed)
                _webSeeds.Seen(webSeed);
        }
        var (start, stop) = _webSeeds.Look(_engine.Status);
        foreach (var handle in stop)
        {
            if (_connections.TryGetValue(handle, out var superfluous))
                superfluous.Stop("peers give enough");
        }
        foreach (var seed in start)
            Track(ConnectAsync(seed));
    }

    private async Task ConnectAsync(WebSeed seed)
    {
        if (!_host.TryOpenConnection())
        {
            _webSeeds!.Failed(seed, "no connection left");
            return;
        }
        if (await FindAsync(seed) is not { } endPoint)
        {
            _host.ConnectionClosed();
            return;
        }
        var (address, reach) = endPoint;
        var peer = new ConnectedPeer(address, reach, PeerSource.Manual, false, WebSeedConnection.HandshakeOf(seed.Url), false)
        {
            IsWebSeed = true,
        };
        var connection = new WebSeedConnection(
            _host.NextHandle(),
            peer,
            new WebSeedFiles(Metainfo.Info, seed.Url),
            Metainfo.Info.PieceLength,
            _webSeedTransfers,
            _host.WebSeedClient,
            async (target, cancellation) => reach == PeerReach.Wan || await IsNearAsync(target, cancellation),
            _time,
            _logger
        );
        _webSeeds!.Connected(seed, connection.Handle);
        if (await TryPostAsync(new SessionEvent(SessionEventKind.Connected, connection), _stop.Token))
            return;
        await connection.DisposeAsync();
        _host.ConnectionClosed();
    }

    /// <summary>Where the web seed is; far, if any of its addresses is. Null when its name is not known now.</summary>
    private async Task<(IPEndPoint EndPoint, PeerReach Reach)?> FindAsync(WebSeed seed)
    {
        try
        {
            using var limit = new CancellationTokenSource(_host.ConnectTimeout, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stop.Token);
            var addresses = await Dns.GetHostAddressesAsync(seed.Url.DnsSafeHost, either.Token);
            if (addresses.Length > 0)
            {
                var isNear = !seed.IsFar && addresses.All(address => _host.Scope.Classify(address) == PeerReach.Lan);
                return (new IPEndPoint(addresses[0], seed.Url.Port), isNear ? PeerReach.Lan : PeerReach.Wan);
            }
            _webSeeds!.Failed(seed, "its name has no address");
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException or ArgumentException)
        {
            _webSeeds!.Failed(seed, fault.Message);
            if (!_stop.IsCancellationRequested)
                LogWebSeedNotFound(_logger, seed.Url, fault.Message);
        }
        return null;
    }

    /// <summary>The host of a URL is a neighbour by all of its addresses. An unknown one counts as near: connecting says what is wrong.</summary>
    private async ValueTask<bool> IsNearAsync(Uri url, CancellationToken cancellation)
    {
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(url.DnsSafeHost, cancellation);
            return addresses.All(address => _host.Scope.Classify(address) == PeerReach.Lan);
        }
        catch (Exception fault) when (fault is SocketException or ArgumentException)
        {
            return true;
        }
    }

    private void WebSeedEnded(WebSeedConnection connection)
    {
        _webSeeds?.Ended(connection);
        if (connection.FinalFault is { IsFar: false } fault)
            LogWebSeedGivenUp(_logger, connection.Url, fault.Reason);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "web seed {Url}: not used any more: {Reason}")]
    private static partial void LogWebSeedGivenUp(ILogger logger, Uri url, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "web seed {Url}: not found: {Reason}")]
    private static partial void LogWebSeedNotFound(ILogger logger, Uri url, string reason);
}
