using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Engine.Tests.Downloading;

/// <summary>
/// Blame by the block (BEP 52): when a v2 piece is wrong, a peer is asked for its leaves, only wrong blocks are fetched again and their
/// senders go. A piece has four blocks here.
/// </summary>
public sealed class BlockBlameTests
{
    private const int Block = BlockRange.BlockSize;

    [Fact]
    public void WrongBlock_OfOneAmongTwo_CostsThatBlockAndItsSender()
    {
        var harness = new EngineHarness(pieces: 1);
        var witness = harness.Connect(3).HaveAll();
        var (liar, honest) = Spoil(harness);
        Assert.Equal(new HashRange(Root(harness), 0, 0, 4, 0), RequestTo(witness));
        Assert.Empty(honest.HeardOf(PeerMessageKind.HashRequest));
        Assert.Equal(PeerFault.None, liar.Fault);
        Tell(harness, witness, 0);
        Assert.Equal(PeerFault.WrongData, liar.Fault);
        Assert.Equal([(0, 16384), (0, 32768), (0, 49152), (0, 0)], honest.Asked);
        honest.SendBlock(0, 0);
        Assert.True(harness.Engine.IsComplete);
        Assert.Equal(Block, harness.Engine.Status.WastedBytes);
        Assert.Equal(PeerFault.None, honest.Fault);
        Assert.Equal(PeerFault.None, witness.Fault);
    }

    [Fact]
    public void WrongPiece_OfOnePeer_EndsItAtOnceAndKeepsItsRightBlocks()
    {
        var harness = new EngineHarness(pieces: 1);
        var liar = harness.Connect(1).HaveAll().Unchoke();
        var honest = harness.Connect(2).HaveAll();
        liar.SendPiece(0, block => block == 2);
        Assert.Equal(PeerFault.WrongData, liar.Fault);
        Tell(harness, honest, 0);
        honest.Unchoke();
        Assert.Equal([(0, 32768)], honest.Asked);
        honest.SendBlock(0, 32768);
        Assert.True(harness.Engine.IsComplete);
        Assert.Equal(Block, harness.Engine.Status.WastedBytes);
    }

    [Fact]
    public void ProvenPiece_AnotherWrongBlock_IsSeenWhenItComes()
    {
        var harness = new EngineHarness(pieces: 1);
        var witness = harness.Connect(3).HaveAll();
        var (_, second) = Spoil(harness);
        Tell(harness, witness, 0);
        var token = second.SendBlock(0, 0, isWrong: true);
        Assert.Equal(nameof(EngineCommandKind.DropBlock), second.FateOf(token));
        Assert.Equal(PeerFault.WrongData, second.Fault);
        witness.Unchoke();
        Assert.Equal([(0, 0)], witness.Asked);
        witness.SendBlock(0, 0);
        Assert.True(harness.Engine.IsComplete);
        Assert.Equal(2 * Block, harness.Engine.Status.WastedBytes);
    }

    [Fact]
    public void Leaves_ThatLeadElsewhere_EndTheirSenderAndTheNextIsAsked()
    {
        var harness = new EngineHarness(pieces: 1);
        var liar = harness.Connect(3).HaveAll();
        var witness = harness.Connect(4).HaveAll();
        var (first, honest) = Spoil(harness);
        var wrong = harness.Torrent.LeavesOf(new PieceIndex(0));
        wrong[0] = Sha256Digest.HashData("wrong"u8);
        Answer(liar, wrong);
        Assert.Equal(PeerFault.WrongData, liar.Fault);
        Assert.Equal(PeerFault.None, first.Fault);
        Tell(harness, witness, 0);
        Assert.Equal(PeerFault.WrongData, first.Fault);
        honest.SendBlock(0, 0);
        Assert.True(harness.Engine.IsComplete);
    }

    /// <summary>Goal: no answer costs more than its wait. Method: one rejects, one is silent, one leaves, one tells.</summary>
    [Fact]
    public void Leaves_RejectSilenceAndDeparture_TheNextIsAsked()
    {
        var harness = new EngineHarness(pieces: 1);
        var refuser = harness.Connect(3).HaveAll();
        var silent = harness.Connect(4).HaveAll();
        var leaver = harness.Connect(5).HaveAll();
        var witness = harness.Connect(6).HaveAll();
        var (liar, honest) = Spoil(harness);
        refuser.Say(PeerMessageKind.HashReject, payload: RequestBytes(refuser));
        _ = RequestTo(silent);
        harness.Pass(4.5);
        Assert.Empty(leaver.HeardOf(PeerMessageKind.HashRequest));
        harness.Pass(1);
        _ = RequestTo(leaver);
        leaver.Leave();
        Tell(harness, witness, 0);
        Assert.Equal(PeerFault.WrongData, liar.Fault);
        Answer(silent, harness.Torrent.LeavesOf(new PieceIndex(0)));
        Assert.Equal(PeerFault.None, silent.Fault);
        Assert.Equal(PeerFault.None, refuser.Fault);
        honest.SendBlock(0, 0);
        Assert.True(harness.Engine.IsComplete);
    }

    [Fact]
    public void Leaves_NobodyTells_ThePieceComesFromOneAloneAndTheLiarIsFound()
    {
        var harness = new EngineHarness(pieces: 1);
        var (liar, honest) = Spoil(harness);
        // Both gave blocks, and are asked all the same: what they say is checked.
        liar.Say(PeerMessageKind.HashReject, payload: RequestBytes(liar));
        honest.Say(PeerMessageKind.HashReject, payload: RequestBytes(honest));
        Assert.Equal(7, honest.Asked.Count);
        honest.SendPiece(0);
        Assert.True(harness.Engine.IsComplete);
        Assert.Equal(PeerFault.WrongData, liar.Fault);
    }

    [Fact]
    public void Leaves_OfPeersWithoutV2_AreNeverAskedFor()
    {
        var harness = new EngineHarness(pieces: 1);
        var liar = harness.Connect(1, isV2: false).HaveAll().Unchoke();
        var honest = harness.Connect(2, isV2: false).HaveAll().Unchoke();
        liar.SendPiece(0, _ => true);
        harness.Pass(10);
        honest.SendPiece(0);
        Assert.True(harness.Engine.IsComplete);
        Assert.Equal(0, harness.Commands.Count(command => command.Message.Kind == PeerMessageKind.HashRequest));
    }

    [Theory]
    [InlineData(PeerMessageKind.Hashes)]
    [InlineData(PeerMessageKind.HashReject)]
    public void Hashes_NobodyAskedFor_EndTheConnection(PeerMessageKind kind)
    {
        var harness = new EngineHarness(pieces: 2);
        var payload = new byte[HashRange.Size + (kind == PeerMessageKind.Hashes ? 4 * Sha256Digest.Size : 0)];
        new HashRange(Root(harness), 0, 0, 4, 0).Write(payload);
        Assert.Equal(PeerFault.BadHashMessage, harness.Connect(1).HaveAll().Say(kind, payload: payload).Fault);
        Assert.Equal(PeerFault.BadHashMessage, harness.Connect(2, isV2: false).Say(kind, payload: payload).Fault);
    }

    [Theory]
    [InlineData(0, 8, 4)] // more hashes than asked for
    [InlineData(4, 4, 4)] // another piece
    [InlineData(0, 4, 3)] // a hash too few
    public void Hashes_OfAnotherRangeThanAskedFor_EndTheConnection(int index, int length, int hashes)
    {
        var harness = new EngineHarness(pieces: 4);
        var witness = harness.Connect(3).Have(0);
        Spoil(harness, 0);
        _ = RequestTo(witness);
        var payload = new byte[HashRange.Size + hashes * Sha256Digest.Size];
        new HashRange(Root(harness), 0, index, length, 0).Write(payload);
        Assert.Equal(PeerFault.BadHashMessage, witness.Say(PeerMessageKind.Hashes, payload: payload).Fault);
    }

    /// <summary>Goal: one question at a time per peer. Method: two pieces are wrong, one peer can tell the leaves.</summary>
    [Fact]
    public void Leaves_OfTwoPieces_AreAskedOfOnePeerInTurn()
    {
        var harness = new EngineHarness(pieces: 2);
        var witness = harness.Connect(3).HaveAll();
        var liar = harness.Connect(1, isV2: false).HaveAll().Unchoke();
        var helper = harness.Connect(2, isV2: false).HaveAll();
        foreach (var piece in new[] { 0, 1 })
        {
            for (var block = 0; block < 3; block++)
                liar.SendBlock(piece, block * Block, isWrong: block == 1);
        }
        liar.Say(PeerMessageKind.Choke);
        helper.Unchoke();
        helper.SendBlock(0, 3 * Block);
        helper.SendBlock(1, 3 * Block);
        Assert.Single(witness.HeardOf(PeerMessageKind.HashRequest));
        var first = RequestTo(witness).Index / 4;
        Tell(harness, witness, first);
        Assert.Equal(2, witness.HeardOf(PeerMessageKind.HashRequest).Count());
        Assert.Equal(1 - first, RequestTo(witness).Index / 4);
        Tell(harness, witness, 1 - first);
        Assert.Equal(PeerFault.WrongData, liar.Fault);
        helper.SendBlock(0, Block);
        helper.SendBlock(1, Block);
        Assert.True(harness.Engine.IsComplete);
    }

    [Fact]
    public void WrongPiece_TheOnlyOneOfItsFile_IsAskedForByItsOwnPowerOfTwo()
    {
        var torrent = new SyntheticTorrent(3 * Block - 5, EngineHarness.PieceLength);
        var harness = new EngineHarness(torrent: torrent);
        var witness = harness.Connect(3).HaveAll();
        var liar = harness.Connect(1).HaveAll().Unchoke();
        liar.SendPiece(0, block => block == 2);
        Assert.Equal(4, RequestTo(witness).Length);
        Answer(witness, [.. torrent.LeavesOf(new PieceIndex(0)), default]);
        witness.Unchoke();
        Assert.Equal([(0, 2 * Block)], witness.Asked);
    }

    /// <summary>Our own engine tells the leaves that our own engine asks for.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void Leaves_ToldByOurselves_AreTaken(int piece)
    {
        var torrent = new SyntheticTorrent(5L * EngineHarness.PieceLength + 2 * Block, EngineHarness.PieceLength);
        var seed = new EngineHarness(verified: EngineHarness.All(6), torrent: torrent);
        var harness = new EngineHarness(torrent: torrent, verified: EngineHarness.All(6).Where(other => other != piece));
        var witness = harness.Connect(3).HaveAll();
        harness.Connect(1).HaveAll().Unchoke().SendPiece(piece, block => block == 1);
        var answer = seed.Connect(9).Say(PeerMessageKind.HashRequest, payload: RequestBytes(witness)).HeardOf(PeerMessageKind.Hashes).Single();
        witness.Say(PeerMessageKind.Hashes, payload: answer.Payload.ToArray());
        Assert.Equal(PeerFault.None, witness.Fault);
        witness.Unchoke();
        Assert.Equal([(piece, Block)], witness.Asked);
    }

    /// <summary>The liar gives one wrong block and chokes, the honest one gives the rest: the piece is whole and wrong.</summary>
    private static (ScriptedPeer Liar, ScriptedPeer Honest) Spoil(EngineHarness harness, int piece = 0)
    {
        var liar = harness.Connect(1).Have(piece).Unchoke();
        var honest = harness.Connect(2).Have(piece).Unchoke();
        liar.SendBlock(piece, 0, isWrong: true);
        liar.Say(PeerMessageKind.Choke);
        for (var block = 1; block < 4; block++)
            honest.SendBlock(piece, block * Block);
        return (liar, honest);
    }

    private static Sha256Digest Root(EngineHarness harness) => harness.Torrent.Info.Files[0].PiecesRoot;

    private static byte[] RequestBytes(ScriptedPeer peer) => peer.HeardOf(PeerMessageKind.HashRequest).Last().Payload.ToArray();

    private static HashRange RequestTo(ScriptedPeer peer)
    {
        Assert.True(HashRange.TryRead(RequestBytes(peer), out var range));
        return range;
    }

    private static void Tell(EngineHarness harness, ScriptedPeer peer, int piece) => Answer(peer, harness.Torrent.LeavesOf(new PieceIndex(piece)));

    private static void Answer(ScriptedPeer peer, Sha256Digest[] leaves) =>
        peer.Say(PeerMessageKind.Hashes, payload: [.. RequestBytes(peer), .. leaves.SelectMany(leaf => leaf.AsSpan().ToArray())]);
}
