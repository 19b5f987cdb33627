using StatelessSwarm.Seed.Hosting;

namespace StatelessSwarm.Seed.Tests.Hosting;

public sealed class TransferRateTests
{
    [Theory]
    [InlineData("1000", 1000)]
    [InlineData("500k", 500_000)]
    [InlineData("500K", 500_000)]
    [InlineData("12.5M", 12_500_000)]
    [InlineData("1G", 1_000_000_000)]
    [InlineData("64Ki", 65536)]
    [InlineData("1Mi", 1048576)]
    [InlineData("100Mbit", 12_500_000)]
    [InlineData("1Gbit", 125_000_000)]
    public void TryParse_Rate_IsBytesPerSecond(string text, long expected)
    {
        Assert.True(TransferRate.TryParse(text, out var rate));
        Assert.Equal(expected, rate);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("k")]
    [InlineData("5x")]
    [InlineData("1e9")]
    [InlineData("NaN")]
    [InlineData("5 M")]
    [InlineData("99999999G")]
    public void TryParse_NoRate_IsRefused(string text) => Assert.False(TransferRate.TryParse(text, out _));
}
