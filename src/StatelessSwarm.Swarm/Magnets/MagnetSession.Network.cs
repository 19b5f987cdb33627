using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Swarm.Connections;
using StatelessSwarm.Swarm.Trackers;

namespace StatelessSwarm.Swarm.Magnets;

// The tasks beside the owner: connecting, names of peers, trackers. They end, without fault, when the session stops.
internal sealed partial class MagnetSession
{
    /// <summary>Addresses taken of one host name.</summary>
    private const int MaxAddresses = 4;

    /// <summary>Told to trackers as missing: the size is not known yet, and 0 would make us a seed.</summary>
    private const long UnknownLeft = 16 * 1024;

    private static readonly TimeSpan TrackerRetry = TimeSpan.FromSeconds(5);

    private async Task RunConnectionAsync(IPeerConnection connection)
    {
        await connection.RunAsync(this);
        _host.ConnectionClosed();
        await PostAsync(new MagnetEvent(MagnetEventKind.Disconnected, Connection: connection));
    }

    private async Task ConnectAsync(MagnetPeer peer, InfoHash? v1Hash, Sha256Digest? v2Hash)
    {
        // Off the owner's turn: a refused loopback connection would otherwise end before the attempt is written down.
        await Task.Yield();
        if (await TryConnectAsync(peer.EndPoint, v1Hash, v2Hash) is not { } connection)
        {
            await PostAsync(new MagnetEvent(MagnetEventKind.ConnectFailed, peer));
            return;
        }
        if (await PostAsync(new MagnetEvent(MagnetEventKind.Connected, peer, connection)))
            return;
        await connection.DisposeAsync();
        _host.ConnectionClosed();
    }

    private async Task<PeerConnection?> TryConnectAsync(IPEndPoint endPoint, InfoHash? v1Hash, Sha256Digest? v2Hash)
    {
        if (await _host.TryConnectAsync(endPoint, v1Hash, v2Hash, closedName: null, _logger, _stop.Token) is not { } connected)
            return null;
        var (link, peer) = connected;
        if (peer.Handshake.PeerId != _host.PeerId)
            return _host.NewConnection(link, peer, new WireLimits(PieceCount: 0, MaxBlockLength: BlockRange.BlockSize), hashesBlocks: true);
        link.Dispose();
        _host.ConnectionClosed();
        return null;
    }

    /// <summary>The link's <c>x.pe</c>: host names or addresses.</summary>
    private async Task FindNamedPeersAsync()
    {
        foreach (var named in _options.Link.Peers)
        {
            try
            {
                var addresses = await Dns.GetHostAddressesAsync(named.Host, _stop.Token);
                foreach (var address in addresses.Take(MaxAddresses))
                    await PostAsync(new MagnetEvent(MagnetEventKind.Heard, EndPoint: new IPEndPoint(address, named.Port)));
            }
            catch (SocketException fault)
            {
                LogNoName(_logger, named.Host, fault.Message);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task AskTrackersAsync()
    {
        var kind = AnnounceEvent.Started;
        var hash = _v1Hash ?? InfoHash.Truncate(_v2Hash!.Value);
        try
        {
            while (true)
            {
                foreach (var tracker in _options.Trackers)
                {
                    var request = new AnnounceRequest(hash, _host.PeerId, _host.Port, 0, 0, UnknownLeft, kind) { Site = _host.Site };
                    try
                    {
                        var reply = await _host.TrackerClient.AnnounceAsync(tracker, request, _stop.Token);
                        foreach (var peer in reply.Members.Concat(reply.Peers))
                            await PostAsync(new MagnetEvent(MagnetEventKind.Heard, EndPoint: peer));
                        kind = AnnounceEvent.None;
                        // The peers may be booting at this very moment: ask again soon, whatever the interval.
                        break;
                    }
                    catch (TrackerException fault)
                    {
                        LogTracker(_logger, tracker.Host, fault.Message);
                    }
                }
                await Task.Delay(TrackerRetry, _time, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The session stops.
        }
    }

    private async ValueTask<bool> PostAsync(MagnetEvent item)
    {
        try
        {
            await _mailbox.Writer.WriteAsync(item, _stop.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{EndPoint}: disconnected: {Reason}")]
    private static partial void LogEnded(ILogger logger, IPEndPoint endPoint, string? reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Host}: {Reason}")]
    private static partial void LogNoName(ILogger logger, string host, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "tracker {Host}: {Reason}")]
    private static partial void LogTracker(ILogger logger, string host, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Torrent}: info dictionary of {Bytes} bytes is there")]
    private static partial void LogInfo(ILogger logger, string torrent, int bytes);
}
