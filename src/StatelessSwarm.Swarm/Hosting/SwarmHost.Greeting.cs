using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Swarm.Connections;
using StatelessSwarm.Swarm.Encryption;

namespace StatelessSwarm.Swarm.Hosting;

/// <summary>How connections come about, either way, up to the torrent that takes them over.</summary>
public sealed partial class SwarmHost
{
    /// <summary>
    /// Connects to a peer and shakes hands; null when that comes to nothing, which is logged. The connection counts against
    /// <see cref="SwarmOptions.MaxConnections"/> until the caller says <see cref="ConnectionClosed"/>.
    /// </summary>
    /// <param name="endPoint">Where it listens.</param>
    /// <param name="v1Hash">The torrent's, if it has one.</param>
    /// <param name="v2Hash">The torrent's, if it has one.</param>
    /// <param name="closedName">Name of the torrent when its swarm is closed: TLS is spoken, and the peer has to be a member.</param>
    /// <param name="logger">Told of failures.</param>
    /// <param name="cancellation">Ends it.</param>
    internal async Task<(PeerLink Link, ConnectedPeer Peer)?> TryConnectAsync(
        IPEndPoint endPoint,
        InfoHash? v1Hash,
        Sha256Digest? v2Hash,
        string? closedName,
        ILogger logger,
        CancellationToken cancellation
    )
    {
        if (!TryOpenConnection())
            return null;
        foreach (var methods in closedName is not null ? [MseMethods.None] : Attempts(_options.Encryption))
        {
            if (await TryConnectAsync(endPoint, v1Hash, v2Hash, closedName, methods, logger, cancellation) is { } connected)
                return connected;
        }
        ConnectionClosed();
        return null;
    }

    /// <summary>What is offered at each attempt; nothing for plaintext.</summary>
    private static MseMethods[] Attempts(StreamEncryption encryption) =>
        encryption switch
        {
            StreamEncryption.Require => [MseMethods.Rc4],
            StreamEncryption.Prefer => [MseMethods.Rc4 | MseMethods.Plain, MseMethods.None],
            _ => [MseMethods.None],
        };

    private async Task<(PeerLink Link, ConnectedPeer Peer)?> TryConnectAsync(
        IPEndPoint endPoint,
        InfoHash? v1Hash,
        Sha256Digest? v2Hash,
        string? closedName,
        MseMethods encryption,
        ILogger logger,
        CancellationToken cancellation
    )
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        PeerSocket.Configure(socket);
        var reach = Scope.Classify(endPoint.Address);
        try
        {
            using var limit = new CancellationTokenSource(ConnectTimeout, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
            await socket.ConnectAsync(endPoint, either.Token);
            var shaken = closedName is null
                ? await PeerHandshaker.InitiateAsync(socket, v1Hash, v2Hash, PeerId, encryption, either.Token)
                : await InitiateClosedAsync(socket, v1Hash, v2Hash, closedName, either.Token);
            if (shaken is { } hands)
            {
                var local = PeerSocket.LocalAddress(socket);
                return (
                    hands.Link,
                    new ConnectedPeer(endPoint, reach, PeerSource.Manual, true, hands.Remote, hands.IsV2, local)
                    {
                        MayShareSite = local is not null && Scope.MayShareSite(local, endPoint.Address),
                    }
                );
            }
            LogNoPeer(logger, endPoint, "it answered with another torrent, or not at all");
        }
        catch (Exception fault) when (fault is SocketException or IOException or OperationCanceledException)
        {
            LogNoPeer(logger, endPoint, fault.Message);
        }
        socket.Dispose();
        return null;
    }

    private async Task<(PeerLink Link, Handshake Remote, bool IsV2)?> InitiateClosedAsync(
        Socket socket,
        InfoHash? v1Hash,
        Sha256Digest? v2Hash,
        string torrent,
        CancellationToken cancellation
    )
    {
        // libtorrent looks the torrent up by the hash that is best to it, and by the other one
        var named = v2Hash is { } v2 ? InfoHash.Truncate(v2) : v1Hash!.Value;
        if (await TlsHandshaker.InitiateAsync(socket, named, _options.Identity!, cancellation) is not { } link)
            return null;
        var isTaken = false;
        try
        {
            if (!link.Member!.MayTakePart(torrent) || await PeerHandshaker.InitiateAsync(link, v1Hash, v2Hash, PeerId, cancellation) is not { } hands)
                return null;
            isTaken = true;
            return hands;
        }
        finally
        {
            if (!isTaken)
                link.Dispose();
        }
    }

    private async Task GreetAsync(Socket socket, Func<bool> tryKeep, CancellationToken cancellation)
    {
        var isAdopted = false;
        try
        {
            isAdopted = await TryAdoptAsync(socket, tryKeep, cancellation);
        }
        finally
        {
            if (!isAdopted)
                socket.Dispose();
        }
    }

    private IReadOnlyList<InfoHash> TorrentNames() => [.. Torrents.Where(torrent => !torrent.IsClosed).SelectMany(torrent => torrent.Metainfo.Info.WireHashes)];

    private async Task<bool> TryAdoptAsync(Socket socket, Func<bool> tryKeep, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(_options.HandshakeTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var remote = (IPEndPoint)socket.RemoteEndPoint!;
        if (remote.Address.IsIPv4MappedToIPv6)
            remote = new IPEndPoint(remote.Address.MapToIPv4(), remote.Port);
        var fileAt = Scope.Classify(remote.Address) == PeerReach.Lan ? _options.FileAt : null;
        var heard = await PeerHandshaker.AcceptAsync(socket, TorrentNames, _options.Encryption, _handshakeGate, _options.Identity, fileAt, either.Token);
        if (heard is not var (link, handshake))
            return false;
        var isAdopted = false;
        try
        {
            isAdopted = await TryAdoptAsync(link, handshake, remote, tryKeep, either.Token, cancellation);
        }
        finally
        {
            if (!isAdopted)
                link.Dispose();
        }
        return isAdopted;
    }

    private async Task<bool> TryAdoptAsync(
        PeerLink link,
        Handshake handshake,
        IPEndPoint remote,
        Func<bool> tryKeep,
        CancellationToken limit,
        CancellationToken cancellation
    )
    {
        // A closed torrent is none to who has not proved to be a member.
        if (Torrents.FirstOrDefault(torrent => torrent.Answers(handshake.InfoHash) && torrent.IsFor(link.Member)) is not { } session)
            return false;
        // Only who has shaken hands counts: silent connections must not use up what there is.
        if (!tryKeep() || !TryOpenConnection())
            return false;
        bool isV2;
        try
        {
            isV2 = await PeerHandshaker.RespondAsync(link, handshake, session.Metainfo.Info, PeerId, limit);
        }
        catch
        {
            ConnectionClosed();
            throw;
        }
        var reach = Scope.Classify(remote.Address);
        var local = PeerSocket.LocalAddress(link.Socket);
        await session.AdoptAsync(
            link,
            new ConnectedPeer(remote, reach, PeerSource.Incoming, false, handshake, isV2, local)
            {
                MayShareSite = local is not null && Scope.MayShareSite(local, remote.Address),
            },
            cancellation
        );
        return true;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{EndPoint}: no connection: {Reason}")]
    private static partial void LogNoPeer(ILogger logger, IPEndPoint endPoint, string reason);
}
