using StatelessSwarm.Swarm.Trackers;

namespace StatelessSwarm.Swarm.Tests.Trackers;

public sealed class TrackerUrlTests
{
    [Theory]
    [InlineData("http://tracker/announce", true)]
    [InlineData("https://tracker:8443/announce?key=1", true)]
    [InlineData("udp://tracker:6969", true)]
    [InlineData("udp://[2001:db8::1]:6969/announce", true)]
    [InlineData("udp://tracker", false)]
    [InlineData("udp://tracker:0/announce", false)]
    [InlineData("wss://tracker/announce", false)]
    [InlineData("/announce", false)]
    [InlineData("http:///announce", false)]
    [InlineData("", false)]
    public void TryParse_Url_IsTakenWhenWeCanAnnounceToIt(string text, bool isTaken) =>
        Assert.Equal(isTaken, TrackerUrl.TryParse(text, out _));

    [Fact]
    public void ParseTiers_Mixed_KeepsTiersAndOrder()
    {
        var tiers = TrackerUrl.ParseTiers([["udp://a:1", "wss://b/"], ["junk"], ["http://c/", "https://d/"]]);
        Assert.Equal("udp://a:1/ | http://c/ https://d/", string.Join(" | ", tiers.Select(tier => string.Join(' ', tier))));
    }
}
