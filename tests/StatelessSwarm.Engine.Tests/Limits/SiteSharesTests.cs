using StatelessSwarm.Engine.Limits;

namespace StatelessSwarm.Engine.Tests.Limits;

public sealed class SiteSharesTests
{
    private const long Second = 1000;
    private const double Budget = 1e6;
    private const double All = double.MaxValue;

    private static SiteShares.Need Need(uint member, double bytes, long heardAt = 0) => new(member, bytes, heardAt);

    [Theory]
    [InlineData(All, new[] { All }, 0.5)]
    [InlineData(All, new[] { All, All, All }, 0.25)]
    [InlineData(All, new[] { 1e5, 1e5 }, 0.8)]
    [InlineData(All, new[] { 1e5, All }, 0.45)]
    [InlineData(2e5, new[] { All }, 0.2)]
    [InlineData(2e5, new[] { 1e5 }, 0.2)]
    [InlineData(All, new[] { 0.0, 0.0 }, 1)]
    public void Share_Settled_FillsTheBudgetLikeWater(double own, double[] others, double expected)
    {
        var shares = new SiteShares(Second, 0);
        var needs = others.Select((bytes, index) => Need((uint)index + 2, bytes, 10_000)).ToList();
        for (var now = 10_000; now < 10_400; now += 10)
            shares.Share(Budget, Need(1, own, now), needs, now);
        Assert.Equal(expected * Budget, shares.Share(Budget, Need(1, own, 10_400), needs, 10_400), 1.0);
    }

    [Fact]
    public void Share_MemberComesAndGoes_DownAtOnceUpLater()
    {
        var shares = new SiteShares(Second, 0);
        double At(long now, params SiteShares.Need[] others) => shares.Share(Budget, Need(1, All, now), others, now);
        for (var now = 5000; now < 6000; now += 10)
            At(now, Need(9, 0, now));
        Assert.Equal(Budget, At(6000, Need(9, 0, 6000)));
        Assert.Equal(Budget / 2, At(6001, Need(2, All, 6001)));
        Assert.Equal(Budget / 2, At(6100, Need(2, 0, 6100)));
        for (var now = 6110; now < 6300; now += 10)
            Assert.Equal(Budget / 2, At(now, Need(2, 0, 6100)));
        Assert.Equal(Budget, At(6450, Need(2, 0, 6400)));
    }

    [Fact]
    public void Share_NotAskedForAWhile_StillRisesLater()
    {
        var shares = new SiteShares(Second, 0);
        for (var now = 5000; now < 6000; now += 10)
            shares.Share(Budget, Need(1, All, now), [Need(2, All, now)], now);
        Assert.Equal(Budget / 2, shares.Share(Budget, Need(1, All, 9000), [Need(2, 0, 9000)], 9000));
    }

    [Fact]
    public void Share_Newcomer_StartsSmallUntilItKnows()
    {
        var shares = new SiteShares(Second, 0);
        for (var now = 0; now < SiteShares.NewcomerMs; now += 10)
            Assert.Equal(Budget / SiteShares.NewcomerPart, shares.Share(Budget, Need(1, All, now), [], now));
        for (var now = SiteShares.NewcomerMs; now < SiteShares.NewcomerMs + 400; now += 10)
            shares.Share(Budget, Need(1, All, now), [], now);
        Assert.Equal(Budget, shares.Share(Budget, Need(1, All, 2000), [], 2000));
    }

    [Fact]
    public void Share_SilentMember_IsGoneAfterAWhile()
    {
        var shares = new SiteShares(Second, 0);
        SiteShares.Need[] silent = [Need(2, All, 5000)];
        for (var now = 5000; now <= 5000 + SiteShares.DeadAfterMs; now += 10)
            Assert.True(shares.Share(Budget, Need(1, All, now), silent, now) <= Budget / 2);
        for (var now = 5000 + SiteShares.DeadAfterMs; now < 8000; now += 10)
            shares.Share(Budget, Need(1, All, now), silent, now);
        Assert.Equal(Budget, shares.Share(Budget, Need(1, All, 8000), silent, 8000));
    }

    [Fact]
    public void Share_ManyMembersSmallBudget_TheLowestNamesTakePart()
    {
        var needs = Enumerable.Range(1, 20).Select(member => Need((uint)member, All, 5000)).ToList();
        var shares = needs.ConvertAll(self =>
        {
            var own = new SiteShares(Second, 0);
            var others = needs.Where(other => other.Member != self.Member).ToList();
            for (var now = 5000; now < 5400; now += 10)
                own.Share(4 * SiteShares.LeastShare, self, others, now);
            return own.Share(4 * SiteShares.LeastShare, self, others, 5400);
        });
        Assert.Equal(4 * SiteShares.LeastShare, shares.Sum());
        Assert.All(shares.Take(4), share => Assert.Equal(SiteShares.LeastShare, share));
        Assert.All(shares.Skip(4), share => Assert.Equal(0, share));
    }
}
