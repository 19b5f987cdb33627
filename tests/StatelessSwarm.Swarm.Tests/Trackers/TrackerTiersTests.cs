using StatelessSwarm.Swarm.Trackers;

namespace StatelessSwarm.Swarm.Tests.Trackers;

public sealed class TrackerTiersTests
{
    [Fact]
    public void All_OneSeed_IsOneOrderWithinTiersAndNeverAcrossThem()
    {
        var orders = Enumerable.Range(0, 50).Select(seed => Names(Make(seed, ["a", "b", "c"], ["d", "e"]).All)).ToList();
        Assert.Equal(orders[7], Names(Make(7, ["a", "b", "c"], ["d", "e"]).All));
        Assert.Equal(12, orders.Distinct(StringComparer.Ordinal).Count());
        Assert.All(orders, order => Assert.Equal("de", string.Concat(order[3..].Order())));
    }

    [Fact]
    public void All_NamedTwice_CountsOnceAndEmptyTiersGo()
    {
        Assert.Equal("ab", Names(Make(1, ["a"], ["a"], [], ["b"]).All));
        Assert.Equal(TrackerTiers.MaxCount, Make(1, [.. Enumerable.Range(0, 100).Select(i => $"t{i}")]).All.Count);
    }

    [Fact]
    public void Answered_TrackerInTheMiddle_MovesToTheFrontOfItsTierOnly()
    {
        var tiers = Make(1, ["a", "b", "c"], ["d", "e"]);
        var before = Names(tiers.All);
        tiers.Answered(tiers.All[1]);
        tiers.Answered(tiers.All[4]);
        Assert.Equal($"{before[1]}{before[0]}{before[2]}{before[4]}{before[3]}", Names(tiers.All));
    }

    [Fact]
    public void Failed_NoneAnswers_PausesDoubleTo60Seconds()
    {
        var tiers = Make(1, ["a"], ["b"]);
        var tracker = tiers.All[0];
        var now = TimeSpan.Zero;
        foreach (var seconds in new[] { 1, 2, 4, 8, 16, 32, 60, 60 })
        {
            tiers.Failed(tracker, now, isAlone: false);
            Assert.Equal("b", Names(tiers.Due(now + TimeSpan.FromSeconds(seconds - 0.001))));
            now += TimeSpan.FromSeconds(seconds);
            Assert.Equal("ab", Names(tiers.Due(now)));
        }
    }

    [Fact]
    public void Failed_TorrentWithoutPeers_IsAskedAfterFiveSecondsAtTheLatest()
    {
        var tiers = Make(1, ["a"]);
        for (var i = 0; i < 100; i++)
            tiers.Failed(tiers.All[0], TimeSpan.Zero, isAlone: true);
        Assert.Equal(TrackerTiers.LongestPauseAlone, tiers.NextDue);
    }

    [Fact]
    public void Failed_AnotherAnswers_PausesDoubleToHalfAnHour()
    {
        var tiers = Make(1, ["a"], ["b"]);
        tiers.Answered(tiers.All[1]);
        for (var i = 0; i < 100; i++)
            tiers.Failed(tiers.All[0], TimeSpan.Zero, isAlone: true);
        Assert.Equal(TrackerTiers.LongestPause, tiers.All[0].NotBefore);
        Assert.Equal("b", Names(tiers.Due(TimeSpan.Zero)));
        tiers.Answered(tiers.All[0]);
        Assert.Equal("ab", Names(tiers.Due(TimeSpan.Zero)));
    }

    private static TrackerTiers Make(int seed, params string[][] tiers)
    {
        var urls = tiers.Select(tier => (IReadOnlyList<Uri>)[.. tier.Select(name => new Uri($"http://{name}/announce"))]);
        return new TrackerTiers([.. urls], new Random(seed));
    }

    private static string Names(IEnumerable<Tracker> trackers) => string.Concat(trackers.Select(tracker => tracker.Url.Host));
}
