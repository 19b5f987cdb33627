using StatelessSwarm.Engine.Limits;

namespace StatelessSwarm.Engine.Tests.Limits;

public sealed class PathDelayTests
{
    private const long Second = 1_000_000;

    [Fact]
    public void TryMeasure_SmoothedValueMoves_FindsTheNewRoundTrip()
    {
        var path = new PathDelay(Second);
        Assert.True(path.TryMeasure(new PathSample(1, 20_000, 0, 1), 0));
        Assert.False(path.TryMeasure(new PathSample(1, 20_000, 0, 1), Second));
        // One round trip of 100 ms: an eighth of it counts.
        Assert.True(path.TryMeasure(new PathSample(1, 30_000, 0, 2), 2 * Second));
        Assert.Equal(0.1, path.RoundTrip, 1e-6);
        Assert.Equal(0.02, path.Base, 1e-6);
    }

    [Fact]
    public void TryMeasure_KernelSawLess_IsBelieved()
    {
        var path = new PathDelay(Second);
        path.TryMeasure(new PathSample(1, 90_000, 21_000, 5), 0);
        Assert.Equal(0.021, path.Base, 1e-6);
        path.TryMeasure(new PathSample(1, 90_000, uint.MaxValue, 6), Second);
        Assert.Equal(0.021, path.Base, 1e-6);
    }

    [Fact]
    public void Base_OldLeast_IsForgottenAfterTheHistory()
    {
        var path = new PathDelay(Second);
        path.TryMeasure(new PathSample(1, 20_000, 0, 1), 0);
        for (uint minute = 1; minute <= PathDelay.HistoryMinutes; minute++)
        {
            Assert.Equal(0.02, path.Base, 1e-6);
            path.TryMeasure(new PathSample(1, 80_000, 0, 1000 * minute), minute * 60 * Second);
        }
        Assert.InRange(path.Base, 0.079, 0.09);
    }
}
