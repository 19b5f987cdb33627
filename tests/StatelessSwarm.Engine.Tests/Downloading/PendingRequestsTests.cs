using StatelessSwarm.Engine.Downloading;

namespace StatelessSwarm.Engine.Tests.Downloading;

public sealed class PendingRequestsTests
{
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
