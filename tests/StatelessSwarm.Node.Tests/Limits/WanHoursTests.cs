using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Node.Limits;

namespace StatelessSwarm.Node.Tests.Limits;

public sealed class WanHoursTests
{
    private static readonly TransferLimits Base = new() { WanDown = 1 << 20, WanUp = 1 << 19, SiteWanDown = 4 << 20, LanUp = 7 << 20 };

    [Theory]
    [InlineData("20:00-06:00@full", 1200, 360, null)]
    [InlineData("08:00-18:00@2M", 480, 1080, 2L << 20)]
    [InlineData("00:00-24:00@off", 0, 1440, 0L)]
    [InlineData("12:00-00:00@0", 720, 1440, 0L)]
    public void TryParse_Good_IsRead(string text, int start, int end, long? rate) =>
        Assert.Equal(new WanHours(start, end, rate), WanHours.TryParse(text));

    [Theory]
    [InlineData("")]
    [InlineData("20:00-06:00")]
    [InlineData("20:00@full")]
    [InlineData("20:00-20:00@full")]
    [InlineData("24:00-06:00@full")]
    [InlineData("20:60-06:00@full")]
    [InlineData("20:00-25:00@full")]
    [InlineData("8:00-18:00@full")]
    [InlineData("-8:00-18:00@full")]
    [InlineData("08:00-18:00@1K")]
    [InlineData("08:00-18:00@2Mbit")]
    [InlineData("08:00-18:00@")]
    [InlineData("@-@")]
    public void TryParse_Bad_IsNull(string text) => Assert.Null(WanHours.TryParse(text));

    [Theory]
    [InlineData("20:00-06:00@full", "19:59 false,20:00 true,23:59 true,00:00 true,05:59 true,06:00 false")]
    [InlineData("08:00-18:00@2M", "07:59 false,08:00 true,17:59 true,18:00 false")]
    [InlineData("00:00-24:00@2M", "00:00 true,23:59 true")]
    public void Contains_Minutes_EndIsExcluded(string hours, string expected)
    {
        var range = WanHours.TryParse(hours)!;
        foreach (var entry in expected.Split(','))
        {
            var minute = int.Parse(entry.AsSpan(0, 2), null) * 60 + int.Parse(entry.AsSpan(3, 2), null);
            Assert.True(range.Contains(minute) == bool.Parse(entry[6..]), entry);
        }
    }

    [Fact]
    public void ApplyTo_FullAndOff_ChangeBothDirectionsAndLeaveTheLan()
    {
        Assert.Equal(new TransferLimits { LanUp = 7 << 20 }, WanHours.TryParse("20:00-06:00@full")!.ApplyTo(Base));
        Assert.Equal(Base with { WanDown = 0, WanUp = 0 }, WanHours.TryParse("20:00-06:00@off")!.ApplyTo(Base));
    }

    [Fact]
    public void ApplyTo_Rate_IsTheSitesWhereItHasABudget()
    {
        var hours = WanHours.TryParse("20:00-06:00@2M")!;
        Assert.Equal(Base with { SiteWanDown = 2 << 20 }, hours.ApplyTo(Base));
        Assert.Equal(2 << 20, hours.ApplyTo(Base with { SiteWanDown = null }).WanDown);
    }

    [Fact]
    public void ToString_IsReadBack()
    {
        foreach (var text in (string[])["20:00-06:00@full", "08:05-18:00@640K", "00:00-24:00@off", "01:00-02:00@1234567"])
            Assert.Equal(text, WanHours.TryParse(text)!.ToString());
    }
}
