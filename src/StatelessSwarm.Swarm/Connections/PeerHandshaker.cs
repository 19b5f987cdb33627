using System.Net.Sockets;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Swarm.Connections;

/// <summary>
/// The opening handshake over a connected socket (BEP 3, BEP 52 "upgrade path"). The initiator names the v1 hash of a hybrid
/// torrent and offers v2; the responder answers with the v2 hash to accept. A v2-only torrent has the one hash, a v1-only one offers
/// nothing.
/// </summary>
internal static class PeerHandshaker
{
    /// <summary>
    /// Speaks first. Returns what the peer said and whether v2 was agreed, or null when it is no peer of this torrent. At least one
    /// hash is given; v2 is offered only with a v2 hash, because we would not know the answer to be one of this torrent.
    /// </summary>
    public static async Task<(Handshake Remote, bool IsV2)?> InitiateAsync(
        Socket socket,
        InfoHash? v1Hash,
        Sha256Digest? v2Hash,
        PeerId self,
        CancellationToken cancellation
    )
    {
        // v1 where there is one, so that every client understands it.
        await SendAsync(socket, v1Hash ?? InfoHash.Truncate(v2Hash!.Value), self, v2Hash is not null, cancellation);
        var remote = await ReceiveAsync(socket, cancellation);
        if (remote is null)
            return null;
        if (v2Hash is { } v2 && remote.InfoHash == InfoHash.Truncate(v2))
            return (remote, true);
        return v1Hash is { } v1 && remote.InfoHash == v1 ? (remote, false) : null;
    }

    /// <summary>Reads the first half from a peer that connected; null when it does not speak BitTorrent.</summary>
    public static async Task<Handshake?> ReceiveAsync(Socket socket, CancellationToken cancellation)
    {
        var buffer = new byte[Handshake.Size];
        var filled = 0;
        while (filled < buffer.Length)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(filled), cancellation);
            if (received == 0)
                return null;
            filled += received;
        }
        return Handshake.TryRead(buffer);
    }

    /// <summary>Answers a peer that connected; true when v2 was agreed.</summary>
    public static async Task<bool> RespondAsync(
        Socket socket,
        Handshake remote,
        TorrentInfo info,
        PeerId self,
        CancellationToken cancellation
    )
    {
        var isV2 = info.V2Hash is { } v2 && (remote.SupportsV2 || remote.InfoHash == InfoHash.Truncate(v2));
        var answer = isV2 ? InfoHash.Truncate(info.V2Hash!.Value) : remote.InfoHash;
        await SendAsync(socket, answer, self, info.V2Hash is not null, cancellation);
        return isV2;
    }

    private static async Task SendAsync(
        Socket socket,
        InfoHash hash,
        PeerId self,
        bool supportsV2,
        CancellationToken cancellation
    )
    {
        var buffer = new byte[Handshake.Size];
        new Handshake(hash, self, SupportsExtensions: true, SupportsFast: true, supportsV2).Write(buffer);
        var sent = 0;
        while (sent < buffer.Length)
            sent += await socket.SendAsync(buffer.AsMemory(sent), cancellation);
    }
}
