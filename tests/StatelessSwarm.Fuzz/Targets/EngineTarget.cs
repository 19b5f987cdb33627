using System.Net;
using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Extensions;
using StatelessSwarm.Engine.Leases;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary>
/// <see cref="TorrentEngine"/> against up to three peers that say anything: every block is answered exactly once, nothing unverified is
/// served, and an honest peer that comes afterwards completes the torrent. Input: one byte of peers' flags (1 near, 2 fast, 4 v2, 8 we
/// called), then steps. A step is one byte and what it asks for: 0x80 set: time passes, (byte and 0x7f) x 50 ms; else 0x40: the peer
/// (byte and 3) leaves; else a frame of <see cref="PeerWire"/> from that peer follows, where the data of a Piece message is left out
/// and is right when 0x10 is set.
/// </summary>
internal sealed class EngineTarget : FuzzTarget
{
    private const int Pieces = 6;
    private const int PieceLength = 64 * 1024;
    private const int Peers = 3;
    private const int MaxSteps = 400;
    private static readonly SyntheticTorrent Torrent = new((long)Pieces * PieceLength - 20_000, PieceLength);

    public override string Name => "engine";

    public override IReadOnlyList<byte[]> Words =>
    [
        .. new PeerMessage[]
        {
            new(PeerMessageKind.Unchoke),
            new(PeerMessageKind.Choke),
            new(PeerMessageKind.Interested),
            new(PeerMessageKind.HaveAll),
            new(PeerMessageKind.HaveNone),
            new(PeerMessageKind.Have, 5),
            new(PeerMessageKind.Bitfield, Payload: new byte[] { 0xfc }),
            new(PeerMessageKind.Request, 0, 0, 16384),
            new(PeerMessageKind.Cancel, 0, 0, 16384),
            new(PeerMessageKind.RejectRequest, 1, 0, 16384),
            new(PeerMessageKind.Piece, 1, 0, 16384),
            new(PeerMessageKind.Extended, ExtendedId: ExtensionIds.Claims, Payload: ClaimMessage.Write(ClaimMessageKind.Claims, [1, int.MaxValue])),
            new(PeerMessageKind.Extended, ExtendedId: ExtensionIds.DontHave, Payload: new byte[] { 0, 0, 0, 1 }),
        }.Select(message => (byte[])[1, .. WireTarget.Bytes(message)]),
        [0x85],
        [0xff],
        [0x41],
    ];

    public override long MaxAllocated(int length) => 32 * 1024 * 1024;

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
            return;
        var time = new FakeTimeProvider();
        var engine = new TorrentEngine(Torrent.Info, Torrent.Layers, new EngineOptions { PeerId = IdOf(100), ListenPort = 6881 }, time, 1);
        engine.Start([new PieceIndex(0)]);
        var asked = new Queue<BlockRange>();
        var answered = 0;
        for (var peer = 0; peer < Peers; peer++)
            Connect(engine, peer, input[0] >> peer);
        Drain(engine, default, asked, ref answered);

        var present = new bool[Peers + 1];
        Array.Fill(present, true);
        var limits = new WireLimits(Pieces, MaxBlockLength: BlockRange.BlockSize);
        var blocks = 0;
        var rest = input[1..];
        for (var step = 0; step < MaxSteps && !rest.IsEmpty; step++)
        {
            var head = rest[0];
            rest = rest[1..];
            var peer = (head & 3) % Peers;
            if ((head & 0x80) != 0)
            {
                time.Advance(TimeSpan.FromMilliseconds((head & 0x7f) * 50));
                engine.Advance();
            }
            else if ((head & 0x40) != 0)
            {
                if (present[peer])
                    engine.PeerDisconnected(new PeerHandle(peer + 1));
                present[peer] = false;
            }
            else
            {
                var status = PeerWire.TryRead(rest, limits, out var message, out var consumed, out _);
                if (status is WireStatus.Fault or WireStatus.Incomplete)
                    break;
                rest = rest[consumed..];
                if (!present[peer])
                    continue;
                if (status == WireStatus.Message)
                {
                    engine.MessageReceived(new PeerHandle(peer + 1), message);
                }
                else
                {
                    blocks++;
                    Receive(engine, peer + 1, new BlockRange(new PieceIndex(message.Piece), message.Begin, message.Length), (head & 0x10) != 0);
                }
            }
            Drain(engine, default, asked, ref answered);
        }
        Require(answered == blocks, "every block is written or dropped, once");
        for (var peer = 0; peer < Peers; peer++)
        {
            if (present[peer])
                engine.PeerDisconnected(new PeerHandle(peer + 1));
        }
        Drain(engine, default, asked, ref answered);
        Complete(engine, time, asked);
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        byte[] hello = [.. Step(0, new PeerMessage(PeerMessageKind.HaveAll)), .. Step(0, new PeerMessage(PeerMessageKind.Unchoke))];
        byte[] extended = Step(1, new PeerMessage(PeerMessageKind.Extended, Payload: new ExtensionHandshake { ClaimsId = 2, MetadataId = 3, RequestQueue = 10 }.ToBytes()));
        byte[] claims = Step(1, new PeerMessage(PeerMessageKind.Extended, ExtendedId: ExtensionIds.Claims, Payload: ClaimMessage.Write(ClaimMessageKind.Claims, [1, 0, 2, 3])));
        IEnumerable<byte> Piece(int piece, bool isRight) =>
            Enumerable.Range(0, 4).SelectMany(block => Step(isRight ? 0x10 : 0, new PeerMessage(PeerMessageKind.Piece, piece, block * 16384, 16384)));
        yield return ("download", [7, .. hello, .. Piece(1, true), .. Piece(2, true), 0x82]);
        yield return ("lie", [7, .. hello, .. Piece(1, false), 0x90]);
        yield return ("far", [6, .. hello, .. extended, .. claims, 0x81, .. Piece(1, true), 0xff]);
        byte[] greedy = ClaimMessage.Write(ClaimMessageKind.Claims, [.. Enumerable.Range(0, Pieces).SelectMany(piece => new[] { piece, int.MaxValue })]);
        yield return ("greedy", [6, .. extended, .. hello, 0x81, .. Step(1, new PeerMessage(PeerMessageKind.Extended, ExtendedId: ExtensionIds.Claims, Payload: greedy))]);
        yield return ("upload", [3, .. Step(2, new PeerMessage(PeerMessageKind.Interested)), .. Step(2, new PeerMessage(PeerMessageKind.Request, 0, 0, 16384)), .. Step(2, new PeerMessage(PeerMessageKind.Request, 3, 0, 16384)), .. Step(2, new PeerMessage(PeerMessageKind.Cancel, 0, 0, 16384))]);
        yield return ("late", [15, .. Step(1, new PeerMessage(PeerMessageKind.Have, 3)), .. Step(1, new PeerMessage(PeerMessageKind.Unchoke)), .. Step(1, new PeerMessage(PeerMessageKind.Bitfield, Payload: new byte[] { 0x7c })), 0x84, .. Step(1, new PeerMessage(PeerMessageKind.Choke)), 0x41]);
        var request = new byte[HashRange.Size];
        new HashRange(Torrent.Info.Files[0].PiecesRoot, 2, 0, 4, 3).Write(request);
        // Peer 1 agrees on v2, is near and has everything: it is asked for the leaves of the wrong piece and answers right and wrong.
        byte[] Hashes(int piece, bool isRight)
        {
            var answer = new byte[HashRange.Size + 4 * Sha256Digest.Size];
            new HashRange(Torrent.Info.Files[0].PiecesRoot, 0, piece * 4, 4, 0).Write(answer);
            for (var block = 0; block < 4 && isRight; block++)
                Torrent.LeavesOf(new PieceIndex(piece))[block].CopyTo(answer.AsSpan(HashRange.Size + block * Sha256Digest.Size));
            return Step(1, new PeerMessage(PeerMessageKind.Hashes, Payload: answer));
        }
        foreach (var isRight in new[] { true, false })
        {
            var answers = Enumerable.Range(1, 4).SelectMany(piece => Hashes(piece, isRight));
            yield return (isRight ? "leaves" : "wrong-leaves", [15, .. hello, .. Step(1, new PeerMessage(PeerMessageKind.HaveAll)), .. Enumerable.Range(1, 4).SelectMany(piece => Piece(piece, false)), .. answers, 0xff]);
        }
        yield return ("hashes", [4, .. Step(0, new PeerMessage(PeerMessageKind.HashRequest, Payload: request)), .. Step(1, new PeerMessage(PeerMessageKind.HashReject, Payload: request))]);
    }

    private static byte[] Step(int head, PeerMessage message) => [(byte)head, .. WireTarget.Bytes(message)];

    private static void Connect(TorrentEngine engine, int peer, int flags)
    {
        var handshake = new Handshake(default, IdOf((byte)(peer + 1)), true, (flags & 2) != 0, (flags & 4) != 0);
        var reach = (flags & 1) != 0 ? PeerReach.Lan : PeerReach.Wan;
        var endPoint = new IPEndPoint(new IPAddress([10, 0, 0, (byte)(peer + 1)]), 6881);
        engine.PeerConnected(
            new PeerHandle(peer + 1),
            new ConnectedPeer(endPoint, reach, PeerSource.Tracker, (flags & 8) != 0, handshake, (flags & 4) != 0)
        );
    }

    private static void Receive(TorrentEngine engine, int handle, BlockRange block, bool isRight)
    {
        var isReal = block.Begin % BlockRange.BlockSize == 0 && block.Begin < Torrent.Info.ContentLength(block.Piece);
        var leaf = isRight && isReal ? Torrent.Leaf(block) : Sha256Digest.HashData("wrong"u8);
        engine.BlockReceived(new PeerHandle(handle), block, leaf, 1);
    }

    /// <summary>An honest neighbour answers whatever it is asked for.</summary>
    private static void Complete(TorrentEngine engine, FakeTimeProvider time, Queue<BlockRange> asked)
    {
        const int honest = Peers + 1;
        var answered = 0;
        Connect(engine, honest - 1, 7);
        engine.MessageReceived(new PeerHandle(honest), new PeerMessage(PeerMessageKind.HaveAll));
        engine.MessageReceived(new PeerHandle(honest), new PeerMessage(PeerMessageKind.Unchoke));
        for (var step = 0; step < 2000 && !engine.IsComplete; step++)
        {
            Drain(engine, new PeerHandle(honest), asked, ref answered);
            if (asked.TryDequeue(out var block))
            {
                Receive(engine, honest, block, true);
                continue;
            }
            time.Advance(TimeSpan.FromMilliseconds(100));
            engine.Advance();
        }
        Require(engine.IsComplete, "an honest peer completes the torrent");
    }

    private static void Drain(TorrentEngine engine, PeerHandle honest, Queue<BlockRange> asked, ref int answered)
    {
        while (engine.TryDequeue(out var command))
        {
            switch (command.Kind)
            {
                case EngineCommandKind.WriteBlock or EngineCommandKind.DropBlock:
                    answered++;
                    break;
                case EngineCommandKind.HashBlocks:
                    Require(engine.HasPiece(command.Block.Piece), "no leaves of what is unverified are told");
                    engine.BlocksHashed(command.Peer, command.Block.Piece, Torrent.LeavesOf(command.Block.Piece));
                    break;
                case EngineCommandKind.SendBlock:
                    Require(engine.HasPiece(command.Block.Piece), "nothing unverified is served");
                    break;
                case EngineCommandKind.Send when command.Peer == honest && command.Message.Kind == PeerMessageKind.Request:
                    asked.Enqueue(new BlockRange(new PieceIndex(command.Message.Piece), command.Message.Begin, command.Message.Length));
                    break;
                default:
                    break;
            }
        }
    }

    private static PeerId IdOf(byte number)
    {
        Span<byte> random = stackalloc byte[12];
        random.Clear();
        random[0] = number;
        return PeerId.Create(random);
    }
}
