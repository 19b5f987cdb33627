using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Engine.Tests.Downloading;

/// <summary>v1-only torrents: the shell compares the hash of a whole piece.</summary>
public sealed class PieceCheckTests
{
    [Fact]
    public void WholePiece_IsCheckedOnceAndServedOnlyAfterwards()
    {
        var harness = new EngineHarness(pieces: 2, isV1: true);
        var source = harness.Connect(1, isV2: false).HaveAll().Unchoke();
        var reader = harness.Connect(2, isV2: false);
        reader.Say(PeerMessageKind.Interested);
        var piece = source.Asked[0].Piece;
        source.SendPiece(piece);
        Assert.Equal([piece], harness.Checks);
        var check = harness.Commands.Single(command => command.Kind == EngineCommandKind.CheckPiece).Block;
        Assert.Equal(new BlockRange(new PieceIndex(piece), 0, EngineHarness.PieceLength), check);
        Assert.Empty(reader.HeardOf(PeerMessageKind.Have));
        Assert.False(harness.Engine.HasPiece(new PieceIndex(piece)));
        reader.Request(piece);
        Assert.Single(reader.HeardOf(PeerMessageKind.RejectRequest));
        harness.Checked(piece, isRight: true);
        Assert.Equal(piece, reader.HeardOf(PeerMessageKind.Have).Single().Piece);
        Assert.Equal(1, harness.Count(EngineCommandKind.PieceVerified));
        reader.Request(piece);
        Assert.Single(reader.SentBlocks);
        source.SendPiece(1 - piece);
        Assert.False(harness.Engine.IsComplete);
        harness.Checked(1 - piece, isRight: true);
        Assert.True(harness.Engine.IsComplete);
        Assert.Equal(1, harness.Count(EngineCommandKind.Completed));
    }

    [Fact]
    public void Block_OfAPieceBeingChecked_IsDropped()
    {
        var harness = new EngineHarness(pieces: 1, isV1: true);
        var source = harness.Connect(1, isV2: false).HaveAll().Unchoke();
        source.SendPiece(0);
        Assert.Equal("DropBlock", source.FateOf(source.SendBlock(0, 0)));
        Assert.Equal("DropBlock", source.FateOf(source.SendBlock(0, 16384, isWrong: true)));
        harness.Checked(0, isRight: true);
        Assert.Equal("DropBlock", source.FateOf(source.SendBlock(0, 0)));
        Assert.Equal([0], harness.Checks);
        Assert.True(harness.Engine.IsComplete);
    }

    [Fact]
    public void WrongPiece_FromOnePeer_EndsItAndKeepsItOut()
    {
        var harness = new EngineHarness(pieces: 1, isV1: true);
        var liar = harness.Connect(1, isV2: false).HaveAll().Unchoke();
        liar.SendPiece(0);
        harness.Checked(0, isRight: false);
        Assert.Equal(PeerFault.WrongData, liar.Fault);
        liar.Leave();
        Assert.Equal(PeerFault.WrongData, harness.Connect(1, isV2: false).Fault);
        var honest = harness.Connect(2, isV2: false).HaveAll().Unchoke();
        honest.SendPiece(0);
        harness.Checked(0, isRight: true);
        Assert.True(harness.Engine.IsComplete);
        Assert.Equal(PeerFault.None, honest.Fault);
    }

    [Fact]
    public void WrongPiece_WhoseSenderHasLeft_KeepsItOut()
    {
        var harness = new EngineHarness(pieces: 1, isV1: true);
        var liar = harness.Connect(1, isV2: false).HaveAll().Unchoke();
        liar.SendPiece(0);
        liar.Leave();
        harness.Checked(0, isRight: false);
        Assert.Equal(PeerFault.WrongData, harness.Connect(1, isV2: false).Fault);
        harness.Connect(2, isV2: false).HaveAll().Unchoke().SendPiece(0);
        harness.Checked(0, isRight: true);
        Assert.True(harness.Engine.IsComplete);
    }

    /// <summary>
    /// Goal: of two peers that spoilt a piece together the liar is found although no block can be judged. Method: both give blocks of
    /// it; nobody is blamed; it is fetched again from one alone. Right, and nobody is blamed yet; but from then on the suspects give
    /// whole pieces alone, and the liar's next wrong one convicts it.
    /// </summary>
    [Fact]
    public void WrongPiece_FromTwoPeers_MakesSuspectsAndTheNextLieConvicts()
    {
        var harness = new EngineHarness(pieces: 3, isV1: true);
        var liar = harness.Connect(1, isV2: false).Have(0).Unchoke();
        liar.SendBlock(0, 0, isWrong: true);
        var honest = harness.Connect(2, isV2: false).Have(0).Unchoke();
        liar.Say(PeerMessageKind.Choke);
        honest.SendBlock(0, 16384);
        honest.SendBlock(0, 32768);
        honest.SendBlock(0, 49152);
        harness.Checked(0, isRight: false);
        Assert.Equal((PeerFault.None, PeerFault.None), (liar.Fault, honest.Fault));
        Assert.Equal(7, honest.Asked.Count);
        // Again, alone: the liar, back, gets none of it.
        liar.Unchoke();
        Assert.Equal(4, liar.Asked.Count);
        honest.SendPiece(0);
        harness.Checked(0, isRight: true);
        Assert.Equal((PeerFault.None, PeerFault.None), (liar.Fault, honest.Fault));
        // A piece the honest one has begun is taken over by the suspect: as a whole.
        honest.Have(1);
        honest.SendBlock(1, 0);
        honest.Say(PeerMessageKind.Choke);
        liar.Have(1);
        Assert.Equal(4, liar.Asked.Count(request => request.Piece == 1));
        liar.SendPiece(1, block => block == 0);
        Assert.Equal([0, 0, 1], harness.Checks);
        harness.Checked(1, isRight: false);
        Assert.Equal(PeerFault.WrongData, liar.Fault);
        Assert.Equal(PeerFault.None, honest.Fault);
    }

    [Fact]
    public void Checks_UnderWay_AreBoundedAndTheRestWaitsInOrder()
    {
        var harness = new EngineHarness(pieces: 8, isV1: true, change: options => options with { PieceChecks = 2 });
        var source = harness.Connect(1, isV2: false).HaveAll().Unchoke();
        Assert.Equal(32, source.Serve());
        var first = harness.Checks;
        Assert.Equal(2, first.Count);
        harness.Checked(first[1], isRight: true);
        Assert.Equal(3, harness.Checks.Count);
        harness.Checked(first[0], isRight: true);
        while (harness.Checks.Count < 8)
            harness.Checked(harness.Checks[^2], isRight: true);
        Assert.False(harness.Engine.IsComplete);
        harness.Checked(harness.Checks[^2], isRight: true);
        harness.Checked(harness.Checks[^1], isRight: true);
        Assert.True(harness.Engine.IsComplete);
        Assert.Equal(8, harness.Checks.Distinct().Count());
    }

    [Fact]
    public void Checks_TooManyWaiting_NothingMoreIsAskedForUntilTheyMove()
    {
        var harness = new EngineHarness(pieces: 200, isV1: true, change: options => options with { PieceChecks = 2 });
        var source = harness.Connect(1, isV2: false).HaveAll().Unchoke();
        source.Serve();
        var asked = source.Asked.Count;
        Assert.InRange(asked, 4 * 66, 4 * 66 + 250);
        // What had been asked for before came all the same; once fewer wait, there are requests again, and it goes on to the end.
        for (var next = 0; !harness.Engine.IsComplete; next++)
        {
            harness.Checked(harness.Checks[next], isRight: true);
            if (source.Asked.Count > asked)
                source.Serve();
        }
        Assert.True(source.Asked.Count > asked);
        Assert.Equal(200, harness.Count(EngineCommandKind.PieceVerified));
    }

    [Fact]
    public void PieceChecked_ThatWasNotAsked_IsOurFault()
    {
        var harness = new EngineHarness(pieces: 2, isV1: true);
        Assert.Throws<InvalidOperationException>(() => harness.Checked(0, isRight: true));
        var source = harness.Connect(1, isV2: false).HaveAll().Unchoke();
        var piece = source.Asked[0].Piece;
        source.SendBlock(piece, 0);
        Assert.Throws<InvalidOperationException>(() => harness.Checked(piece, isRight: true));
    }

    [Fact]
    public void HashMessages_InAV1OnlyTorrent_AreAFaultAndNeverSent()
    {
        var harness = new EngineHarness(pieces: 1, isV1: true);
        var source = harness.Connect(1, isV2: false).HaveAll().Unchoke();
        source.SendPiece(0);
        harness.Checked(0, isRight: true);
        PeerMessageKind[] kinds = [PeerMessageKind.HashRequest, PeerMessageKind.Hashes, PeerMessageKind.HashReject];
        Assert.DoesNotContain(source.Heard, message => kinds.Contains(message.Kind));
        foreach (var (id, kind) in kinds.Index())
            Assert.Equal(PeerFault.BadHashMessage, harness.Connect((byte)(2 + id), isV2: false).Say(kind, payload: new byte[48]).Fault);
    }

    [Fact]
    public void Claim_OfAPieceBeingChecked_IsKept()
    {
        // A scarce source and a neighbour with a lower id that claims the piece we are just checking: nothing is given up.
        var harness = new EngineHarness(pieces: 1, isV1: true);
        var source = harness.Connect(9, PeerReach.Wan, isV2: false).HaveAll().Unchoke();
        var neighbour = harness.Connect(1, isV2: false).Hello();
        harness.Pass(0.1);
        source.SendPiece(0);
        Assert.Equal([0], harness.Checks);
        neighbour.Claim(0, received: 4);
        harness.Pass(0.1);
        harness.Checked(0, isRight: true);
        Assert.True(harness.Engine.IsComplete);
        Assert.Equal(0, neighbour.HeardOf(PeerMessageKind.Have).Single().Piece);
    }

    [Fact]
    public void Layers_OfAnotherKind_AreRefused()
    {
        var torrent = new SyntheticTorrent(EngineHarness.PieceLength, EngineHarness.PieceLength);
        var options = new EngineOptions { PeerId = EngineHarness.IdOf(100) };
        Assert.Throws<ArgumentException>(() => new TorrentEngine(torrent.Info, null, options, TimeProvider.System, 1));
        Assert.Throws<ArgumentException>(() => new TorrentEngine(torrent.V1Info, torrent.Layers, options, TimeProvider.System, 1));
    }
}
