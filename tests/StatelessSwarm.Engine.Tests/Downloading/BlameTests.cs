using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Downloading;

public sealed class BlameTests
{
    [Fact]
    public void WrongPiece_FromOnePeer_EndsItAndKeepsItOut()
    {
        var harness = new EngineHarness(pieces: 1);
        var liar = harness.Connect(1).HaveAll().Unchoke();
        liar.SendPiece(0, block => block == 2);
        Assert.Equal(PeerFault.WrongData, liar.Fault);
        Assert.Equal(0, harness.Count(EngineCommandKind.PieceVerified));
        liar.Leave();
        Assert.Equal(PeerFault.WrongData, harness.Connect(1).Fault);
        var honest = harness.Connect(2).HaveAll().Unchoke();
        honest.SendPiece(0);
        Assert.True(harness.Engine.IsComplete);
        Assert.Equal(PeerFault.None, honest.Fault);
    }

    /// <summary>
    /// Goal: exact blame when two peers, which know no v2, gave blocks of one piece. Method: the liar gives one wrong block and chokes, the honest one
    /// gives the rest; the piece fails, nobody is blamed yet; the honest one alone gives it again, and the liar is found.
    /// </summary>
    [Fact]
    public void WrongPiece_FromTwoPeers_IsFetchedFromOneAndTheLiarFound()
    {
        var harness = new EngineHarness(pieces: 1);
        var liar = harness.Connect(1, isV2: false).HaveAll().Unchoke();
        var honest = harness.Connect(2, isV2: false).HaveAll().Unchoke();
        liar.SendBlock(0, 0, isWrong: true);
        liar.Say(PeerMessageKind.Choke);
        Assert.Equal(3, honest.Asked.Count);
        honest.SendBlock(0, 16384);
        honest.SendBlock(0, 32768);
        honest.SendBlock(0, 49152);
        Assert.Equal(PeerFault.None, liar.Fault);
        Assert.Equal(PeerFault.None, honest.Fault);
        Assert.False(harness.Engine.IsComplete);
        Assert.Equal(7, honest.Asked.Count);
        honest.SendPiece(0);
        Assert.True(harness.Engine.IsComplete);
        Assert.Equal(PeerFault.WrongData, liar.Fault);
        Assert.Equal(PeerFault.None, honest.Fault);
    }

    [Fact]
    public void WrongPiece_NothingOfItIsServedBefore()
    {
        var harness = new EngineHarness(pieces: 2);
        var liar = harness.Connect(1).HaveAll().Unchoke();
        var reader = harness.Connect(2);
        liar.SendPiece(0, block => block == 0);
        reader.Request(0);
        Assert.Empty(reader.SentBlocks);
        Assert.Single(reader.HeardOf(PeerMessageKind.RejectRequest));
    }
}
