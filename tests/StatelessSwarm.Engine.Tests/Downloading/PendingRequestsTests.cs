using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Downloading;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Downloading;

public sealed class PendingRequestsTests
{
    [Fact]
    public void ForgetCancelled_OldOnesUpToTheFirstThatIsWanted_AreGone()
    {
        var pending = new PendingRequests(null);
        for (var block = 0; block < 10; block++)
            Assert.True(pending.TryAdd(piece: 1, block, now: block));
        foreach (var block in (int[])[0, 1, 2, 4])
            Assert.True(pending.TryCancel(1, block));
        pending.ForgetCancelled(sentBefore: 2);
        Assert.Equal((8, 6), (pending.Count, pending.Live));
        Assert.False(pending.TryAnswer(1, 0, out _));
        // The fourth is wanted, and the fifth behind it waits with it.
        pending.ForgetCancelled(sentBefore: 100);
        Assert.Equal((7, 6), (pending.Count, pending.Live));
        Assert.True(pending.TryAnswer(1, 3, out _));
        pending.ForgetCancelled(sentBefore: 100);
        Assert.Equal((5, 5), (pending.Count, pending.Live));
    }

    /// <summary>
    /// Goal: what was taken back from a peer that promises no answers is forgotten after a minute, what one with BEP 6 owes is not. Method: a
    /// peer stalls, its piece moves to another one, and after a while its blocks come all the same: they are unasked for, or are not.
    /// </summary>
    [Theory]
    [InlineData(false, 50, true)]
    [InlineData(false, 70, false)]
    [InlineData(true, 70, true)]
    public void Cancelled_OfAPeerWithoutFast_IsForgottenAfterAMinute(bool isFast, int seconds, bool isKnown)
    {
        var harness = new EngineHarness(pieces: 2);
        var slow = harness.Connect(1, isFast: isFast).Have(0).Unchoke();
        var asked = slow.Asked;
        harness.Pass(7);
        var other = harness.Connect(2).Have(0).Unchoke();
        Assert.Equal(asked.Count, slow.HeardOf(PeerMessageKind.Cancel).Count());
        other.Serve();
        Assert.True(harness.Engine.HasPiece(new PieceIndex(0)));
        for (var passed = 7; passed < seconds; passed++)
        {
            harness.Pass(1);
            slow.Say(PeerMessageKind.KeepAlive);
        }
        // 64 blocks that nobody asked for are forgiven: of 65 that come, none too many was unasked for, or one.
        for (var block = 0; block < 65; block++)
            slow.SendBlock(0, BlockRange.BlockSize * (block % asked.Count));
        Assert.Equal(isKnown ? PeerFault.None : PeerFault.Flood, slow.Fault);
    }

    /// <summary>Found by the simulator: with the first request still unanswered, the second one stayed wanted for ever and was asked a third time.</summary>
    [Fact]
    public void TryCancel_BlockAskedForAgainWhileTheFirstRequestIsUnanswered_TakesTheSecondOneBack()
    {
        var pending = new PendingRequests(null);
        Assert.True(pending.TryAdd(6, 0, 1));
        Assert.True(pending.TryCancel(6, 0));
        Assert.True(pending.TryAdd(6, 0, 2));
        Assert.Equal(1, pending.Live);
        Assert.True(pending.TryCancel(6, 0));
        Assert.Equal(0, pending.Live);
        Assert.False(pending.TryCancel(6, 0));
        Assert.True(pending.TryAnswer(6, 0, out var first));
        Assert.Equal(1, first.SentAt);
        Assert.True(pending.TryAnswer(6, 0, out var second));
        Assert.Equal((2, true), (second.SentAt, second.IsCancelled));
        Assert.Equal(0, pending.Count);
    }
}
