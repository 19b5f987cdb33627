using System.Net.Sockets;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Swarm.Encryption;
using StatelessSwarm.Swarm.Identities;

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
        if (encryption == MseMethods.None)
            return await InitiateAsync(new PeerLink(socket), v1Hash, v2Hash, self, cancellation);
        var ours = Write(hash, self, v2Hash is not null);
        return await MseHandshaker.InitiateAsync(socket, hash, encryption, ours, cancellation) is { } exchange
            ? await HearAnswerAsync(new PeerLink(socket) { Cipher = exchange.Cipher }, v1Hash, v2Hash, cancellation)
            : null;
    }

    /// <summary>Speaks first on a link that stands; the same.</summary>
    public static async Task<(PeerLink Link, Handshake Remote, bool IsV2)?> InitiateAsync(
        PeerLink link,
        InfoHash? v1Hash,
        Sha256Digest? v2Hash,
        PeerId self,
        CancellationToken cancellation
    )
    {
        await link.SendAsync(Write(v1Hash ?? InfoHash.Truncate(v2Hash!.Value), self, v2Hash is not null), cancellation);
        return await HearAnswerAsync(link, v1Hash, v2Hash, cancellation);
    }

    private static async Task<(PeerLink Link, Handshake Remote, bool IsV2)?> HearAnswerAsync(
        PeerLink link,
        InfoHash? v1Hash,
        Sha256Digest? v2Hash,
        CancellationToken cancellation
    )
    {
        var theirs = new byte[Handshake.Size];
        if (!await link.FillAsync(theirs, cancellation) || Handshake.TryRead(theirs) is not { } remote)
            return null;
        if (v2Hash is { } v2 && remote.InfoHash == InfoHash.Truncate(v2))
            return (link, remote, true);
        return v1Hash is { } v1 && remote.InfoHash == v1 ? (link, remote, false) : null;
    }

    /// <summary>Hears a peer that connected; null when it closes, or speaks neither BitTorrent nor MSE for one of our torrents.</summary>
    /// <param name="socket">Connected.</param>
    /// <param name="torrents">Names of our open torrents, asked for when the peer turns out to be encrypted.</param>
    /// <param name="encryption">What is taken.</param>
    /// <param name="gate">Bounds what encrypted handshakes cost.</param>
    /// <param name="identity">Ours in closed swarms, or null: TLS is not spoken.</param>
    /// <param name="fileAt">Small files that an HTTP request on this port may ask for, or null for none. With an identity only in TLS.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<(PeerLink Link, Handshake Remote)?> AcceptAsync(
        Socket socket,
        Func<IReadOnlyList<InfoHash>> torrents,
        StreamEncryption encryption,
        HandshakeGate gate,
        SwarmIdentity? identity,
        Func<string, byte[]?>? fileAt,
        CancellationToken cancellation
    )
    {
        var buffer = new byte[Handshake.Size];
        var link = new PeerLink(socket);
        var filled = await ReceiveStartAsync(link, buffer, cancellation);
        if (filled == 0)
            return null;
        if (identity is not null && TlsHandshaker.IsStart(buffer))
        {
            if (await TlsHandshaker.RespondAsync(socket, buffer.AsMemory(0, filled), identity, cancellation) is not { } tls)
                return null;
            return await AcceptMemberAsync(tls, buffer, fileAt, cancellation);
        }
        if (fileAt is not null && identity is null && buffer.AsSpan().StartsWith(SmallFileServer.Start))
        {
            await SmallFileServer.AnswerAsync(link, buffer.AsMemory(0, filled), fileAt, cancellation);
            return null;
        }
        if (!buffer.AsSpan().StartsWith(Handshake.Protocol))
            return await AcceptEncryptedAsync(socket, buffer.AsMemory(0, filled), torrents(), encryption, gate, cancellation);
        if (encryption == StreamEncryption.Require || !await link.FillAsync(buffer.AsMemory(filled), cancellation))
            return null;
        return Handshake.TryRead(buffer) is { } remote ? (link, remote) : null;
    }

    /// <summary>What tells the protocols apart: as many bytes as the BitTorrent handshake begins with; 0 when the peer closes before.</summary>
    private static async Task<int> ReceiveStartAsync(PeerLink link, byte[] buffer, CancellationToken cancellation)
    {
        var filled = 0;
        while (filled < Handshake.Protocol.Length)
        {
            var received = await link.ReceiveAsync(buffer.AsMemory(filled), cancellation);
            if (received == 0)
                return 0;
            filled += received;
        }
        return filled;
    }

    private static async Task<(PeerLink Link, Handshake Remote)?> AcceptMemberAsync(
        PeerLink link,
        byte[] buffer,
        Func<string, byte[]?>? fileAt,
        CancellationToken cancellation
    )
    {
        var isHandedOver = false;
        try
        {
            var filled = await ReceiveStartAsync(link, buffer, cancellation);
            if (filled == 0)
                return null;
            if (fileAt is not null && link.Member!.MayTakePart(Member.AnyTorrent) && buffer.AsSpan().StartsWith(SmallFileServer.Start))
            {
                await SmallFileServer.AnswerAsync(link, buffer.AsMemory(0, filled), fileAt, cancellation);
                return null;
            }
            if (!await link.FillAsync(buffer.AsMemory(filled), cancellation) || Handshake.TryRead(buffer) is not { } remote)
                return null;
            isHandedOver = true;
            return (link, remote);
        }
        finally
        {
            if (!isHandedOver)
                link.Dispose();
        }
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
        await link.SendAsync(answer, cancellation);
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
        var link = new PeerLink(socket) { Cipher = exchange.Cipher, Early = exchange.Early[early..] };
        if (!await link.FillAsync(buffer.AsMemory(early), cancellation))
            return null;
        return Handshake.TryRead(buffer) is { } remote ? (link, remote) : null;
    }

    private static byte[] Write(InfoHash hash, PeerId self, bool supportsV2)
    {
        var buffer = new byte[Handshake.Size];
        new Handshake(hash, self, SupportsExtensions: true, SupportsFast: true, supportsV2).Write(buffer);
        return buffer;
    }
}
