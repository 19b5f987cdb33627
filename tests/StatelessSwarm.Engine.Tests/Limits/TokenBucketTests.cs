using StatelessSwarm.Engine.Limits;

namespace StatelessSwarm.Engine.Tests.Limits;

public sealed class TokenBucketTests
{
    private const long Second = 1_000_000;

    [Fact]
    public void Take_AsSoonAsThereIsRoom_GivesTheRate()
    {
        var bucket = new TokenBucket(Second);
        bucket.SetRate(100_000, 0);
        long taken = 0;
        for (long now = 0; now < 10 * Second; now += 1000)
        {
            if (!bucket.HasRoom(now))
                continue;
            bucket.Take(16_384, now);
            taken += 16_384;
        }
        // One block of debt, and what may be made up for.
        Assert.InRange(taken, 1_000_000, 1_000_000 + 16_384 + 5_000);
    }

    [Fact]
    public void HasRoom_NoLimitAndOff_AlwaysAndNever()
    {
        var bucket = new TokenBucket(Second);
        bucket.Take(int.MaxValue, 0);
        Assert.True(bucket.HasRoom(0));
        bucket.SetRate(0, 0);
        Assert.False(bucket.HasRoom(long.MaxValue - 1));
        Assert.Equal(long.MaxValue, bucket.FreeAt);
    }

    [Fact]
    public void SetRate_Doubled_HalvesTheWait()
    {
        var bucket = new TokenBucket(Second, catchUpSeconds: 0);
        bucket.SetRate(1000, 0);
        bucket.Take(10_000, 0);
        Assert.Equal(10 * Second, bucket.FreeAt);
        bucket.SetRate(2000, 2 * Second);
        Assert.Equal(6 * Second, bucket.FreeAt);
        bucket.Return(2000);
        Assert.Equal(5 * Second, bucket.FreeAt);
        bucket.SetRate(null, 3 * Second);
        Assert.True(bucket.HasRoom(3 * Second));
    }
}
