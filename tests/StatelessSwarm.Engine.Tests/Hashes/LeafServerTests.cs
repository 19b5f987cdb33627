using StatelessSwarm.Content.Merkle;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Hashes;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Hashes;

public sealed class LeafServerTests
{
    private const int Pieces = 21; // of four leaves: a tree of 128 leaves, seven layers

    /// <summary>Goal: leaves and their proof lead to the file's root, whatever part of a piece is asked for.</summary>
    [Theory]
    [InlineData(0, 4, 6)]
    [InlineData(0, 2, 6)]
    [InlineData(6, 2, 6)]
    [InlineData(80, 4, 6)]
    [InlineData(82, 2, 9)]
    public void Leaves_OfAVerifiedPiece_LeadToTheRoot(int index, int length, int proofs)
    {
        var harness = new EngineHarness(pieces: Pieces, verified: EngineHarness.All(Pieces));
        var answer = Ask(harness, 1, index, length, proofs);
        Assert.Equal(PeerMessageKind.Hashes, answer.Kind);
        var hashes = Hashes(answer);
        Assert.Equal(harness.Torrent.LeavesOf(new PieceIndex(index / 4)).Skip(index % 4).Take(length), hashes.Take(length));
        Assert.True(MerkleProof.Verify(harness.Torrent.Info.Files[0].PiecesRoot, hashes.AsSpan(0, length), index, hashes.AsSpan(length)));
    }

    [Fact]
    public void Leaves_UpToThePieceLayer_HaveTheUnclesOfThePieceOnly()
    {
        var harness = new EngineHarness(pieces: Pieces, verified: EngineHarness.All(Pieces));
        Assert.Equal(4, Hashes(Ask(harness, 1, 8, 4, 0)).Length);
        var half = Hashes(Ask(harness, 2, 10, 2, 1));
        Assert.True(MerkleProof.Verify(harness.Torrent.Layers.PieceHash(new PieceIndex(2)), half.AsSpan(0, 2), 2, half.AsSpan(2)));
    }

    [Theory]
    [InlineData(0, 4)] // not verified
    [InlineData(0, 8)] // more than a piece
    [InlineData(84, 4)] // beyond the file
    public void Leaves_ThatWeCannotTell_AreRejected(int index, int length)
    {
        var harness = new EngineHarness(pieces: Pieces, verified: EngineHarness.All(Pieces).Skip(1));
        Assert.Equal(PeerMessageKind.HashReject, Ask(harness, 1, index, length, 0).Kind);
        Assert.Equal(0, harness.Count(EngineCommandKind.HashBlocks));
    }

    [Fact]
    public void Leaves_PieceThatCannotBeRead_AreRejected()
    {
        var harness = new EngineHarness(pieces: Pieces, verified: EngineHarness.All(Pieces)) { HashesBlocks = false };
        var peer = harness.Connect(1);
        Request(harness, peer, 0);
        harness.Engine.BlocksHashed(peer.Handle, new PieceIndex(0), []);
        harness.Drain();
        Assert.Single(peer.HeardOf(PeerMessageKind.HashReject));
    }

    [Fact]
    public void Leaves_MoreThanTheShellHashesAtATime_AreRejected()
    {
        var harness = new EngineHarness(pieces: Pieces, verified: EngineHarness.All(Pieces)) { HashesBlocks = false };
        var peer = harness.Connect(1);
        for (var piece = 0; piece < 10; piece++)
            Request(harness, peer, piece);
        Assert.Equal(4, harness.Count(EngineCommandKind.HashBlocks));
        Assert.Equal(6, peer.HeardOf(PeerMessageKind.HashReject).Count());
        peer.Leave();
        Request(harness, harness.Connect(2), 0);
        Assert.Equal(5, harness.Count(EngineCommandKind.HashBlocks));
    }

    [Fact]
    public void Leaves_MoreThanSixteenPiecesASecond_AreRejected()
    {
        var harness = new EngineHarness(pieces: Pieces, verified: EngineHarness.All(Pieces));
        var peer = harness.Connect(1);
        for (var time = 0; time < 20; time++)
            Request(harness, peer, 1);
        Assert.Equal(LeafServer.MaxPerSecond, peer.HeardOf(PeerMessageKind.Hashes).Count());
        Assert.Equal(4, peer.HeardOf(PeerMessageKind.HashReject).Count());
        harness.Pass(1.1);
        Request(harness, peer, 1);
        Assert.Equal(LeafServer.MaxPerSecond + 1, peer.HeardOf(PeerMessageKind.Hashes).Count());
    }

    private static void Request(EngineHarness harness, ScriptedPeer peer, int piece)
    {
        var payload = new byte[HashRange.Size];
        new HashRange(harness.Torrent.Info.Files[0].PiecesRoot, 0, piece * 4, 4, 0).Write(payload);
        peer.Say(PeerMessageKind.HashRequest, payload: payload);
    }

    private static PeerMessage Ask(EngineHarness harness, byte id, int index, int length, int proofs)
    {
        var payload = new byte[HashRange.Size];
        new HashRange(harness.Torrent.Info.Files[0].PiecesRoot, 0, index, length, proofs).Write(payload);
        return harness.Connect(id).Say(PeerMessageKind.HashRequest, payload: payload)
            .Heard.Single(message => message.Kind is PeerMessageKind.Hashes or PeerMessageKind.HashReject);
    }

    private static Sha256Digest[] Hashes(PeerMessage answer) =>
        [
            .. Enumerable.Range(0, (answer.Payload.Length - HashRange.Size) / Sha256Digest.Size)
                .Select(place => new Sha256Digest(answer.Payload.Span.Slice(HashRange.Size + place * Sha256Digest.Size, Sha256Digest.Size))),
        ];
}
