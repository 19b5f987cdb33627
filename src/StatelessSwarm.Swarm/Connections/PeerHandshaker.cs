using System.Net.Sockets;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Swarm.Encryption;

namespace StatelessSwarm.Swarm.Connections;

/// <summary>
/// The opening handshake over a connected socket (BEP 3, BEP 52 "upgrade path"). The initiator names the v1 hash of a hybrid
/// torrent and offers v2; the responder answers with the v2 hash to accept. A v2-only torrent has the one hash, a v1-only one offers
/// nothing. All of it may be wrapped in MSE; who connects in plaintext is told by the protocol's name, which no public key begins with
/// but by a chance of 2^-160.
/// </summary>
internal static class PeerHandshaker
{
    /// <summary>
    /// Speaks first. Returns what the peer said and whether v2 was agreed, or null when it is no peer of this torrent. At least one
    /// hash is given; v2 is offered only with a v2 hash, because we would not know the answer to be one of this torrent.
    /// </summary>
    public static async Task<(PeerLink Link, Handshake Remote, bool IsV2)?> InitiateAsync(
        Socket socket,
        InfoHash? v1Hash,
        Sha256Digest? v2Hash,
        PeerId self,
        MseMethods encryption,
        CancellationToken cancellation
    )
    {
        // v1 where there is one, so that every client understands it.
        var hash = v1Hash ?? InfoHash.Truncate(v2Hash!.Value);
        var ours = Write(hash, self, v2Hash is not null);
        var link = new PeerLink(socket);
        if (encryption == MseMethods.None)
            await SendAsync(socket, ours, cancellation);
        else if (await MseHandshaker.InitiateAsync(socket, hash, encryption, ours, cancellation) is { } exchange)
            link = new PeerLink(socket, exchange.Cipher);
        else
            return null;
        var theirs = new byte[Handshake.Size];
        if (!await FillAsync(socket, theirs, cancellation))
            return null;
        link.Cipher?.Decrypt(theirs);
        if (Handshake.TryRead(theirs) is not { } remote)
            return null;
        if (v2Hash is { } v2 && remote.InfoHash == InfoHash.Truncate(v2))
            return (link, remote, true);
        return v1Hash is { } v1 && remote.InfoHash == v1 ? (link, remote, false) : null;
    }

    /// <summary>Hears a peer that connected; null when it closes, or speaks neither BitTorrent nor MSE for one of our torrents.</summary>
    /// <param name="socket">Connected.</param>
    /// <param name="torrents">Names of our torrents, asked for when the peer turns out to be encrypted.</param>
    /// <param name="encryption">What is taken.</param>
    /// <param name="gate">Bounds what encrypted handshakes cost.</param>
    /// <param name="fileAt">Small files that an HTTP request on this port may ask for, or null for none.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<(PeerLink Link, Handshake Remote)?> AcceptAsync(
        Socket socket,
        Func<IReadOnlyList<InfoHash>> torrents,
        StreamEncryption encryption,
        HandshakeGate gate,
        Func<string, byte[]?>? fileAt,
        CancellationToken cancellation
    )
    {
        var buffer = new byte[Handshake.Size];
        var filled = 0;
        while (filled < Handshake.Protocol.Length)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(filled), cancellation);
            if (received == 0)
                return null;
            filled += received;
        }
        if (fileAt is not null && buffer.AsSpan().StartsWith(SmallFileServer.Start))
        {
            await SmallFileServer.AnswerAsync(socket, buffer.AsMemory(0, filled), fileAt, cancellation);
            return null;
        }
        if (!buffer.AsSpan().StartsWith(Handshake.Protocol))
            return await AcceptEncryptedAsync(socket, buffer.AsMemory(0, filled), torrents(), encryption, gate, cancellation);
        if (encryption == StreamEncryption.Require || !await FillAsync(socket, buffer.AsMemory(filled), cancellation))
            return null;
        return Handshake.TryRead(buffer) is { } remote ? (new PeerLink(socket), remote) : null;
    }

    /// <summary>Answers a peer that connected; true when v2 was agreed.</summary>
    public static async Task<bool> RespondAsync(
        PeerLink link,
        Handshake remote,
        TorrentInfo info,
        PeerId self,
        CancellationToken cancellation
    )
    {
        var isV2 = info.V2Hash is { } v2 && (remote.SupportsV2 || remote.InfoHash == InfoHash.Truncate(v2));
        var answer = Write(isV2 ? InfoHash.Truncate(info.V2Hash!.Value) : remote.InfoHash, self, info.V2Hash is not null);
        link.Cipher?.Encrypt(answer);
        await SendAsync(link.Socket, answer, cancellation);
        return isV2;
    }

    private static async Task<(PeerLink Link, Handshake Remote)?> AcceptEncryptedAsync(
        Socket socket,
        ReadOnlyMemory<byte> received,
        IReadOnlyList<InfoHash> torrents,
        StreamEncryption encryption,
        HandshakeGate gate,
        CancellationToken cancellation
    )
    {
        if (await MseHandshaker.RespondAsync(socket, received, torrents, encryption, gate, cancellation) is not { } exchange)
            return null;
        var buffer = new byte[Handshake.Size];
        var early = Math.Min(exchange.Early.Length, buffer.Length);
        exchange.Early[..early].CopyTo(buffer);
        var rest = buffer.AsMemory(early);
        if (!await FillAsync(socket, rest, cancellation))
            return null;
        exchange.Cipher?.Decrypt(rest.Span);
        return Handshake.TryRead(buffer) is { } remote
            ? (new PeerLink(socket, exchange.Cipher, exchange.Early[early..]), remote)
            : null;
    }

    private static byte[] Write(InfoHash hash, PeerId self, bool supportsV2)
    {
        var buffer = new byte[Handshake.Size];
        new Handshake(hash, self, SupportsExtensions: true, SupportsFast: true, supportsV2).Write(buffer);
        return buffer;
    }

    private static async Task<bool> FillAsync(Socket socket, Memory<byte> buffer, CancellationToken cancellation)
    {
        while (buffer.Length > 0)
        {
            var received = await socket.ReceiveAsync(buffer, cancellation);
            if (received == 0)
                return false;
            buffer = buffer[received..];
        }
        return true;
    }

    private static async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        while (bytes.Length > 0)
            bytes = bytes[await socket.SendAsync(bytes, cancellation)..];
    }
}
