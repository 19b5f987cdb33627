using CsCheck;
using StatelessSwarm.Cli.Units;

namespace StatelessSwarm.Cli.Tests.Units;

public sealed class ByteCountTests
{
    [Theory]
    [InlineData("512", 512L)]
    [InlineData("64K", 65536L)]
    [InlineData("256MiB", 256L << 20)]
    [InlineData("2g", 2L << 30)]
    [InlineData("1TB", 1L << 40)]
    [InlineData("12b", 12L)]
    public void TryParse_Good_GivesBytes(string text, long expected)
    {
        Assert.True(ByteCount.TryParse(text, out var bytes));
        Assert.Equal(expected, bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("K")]
    [InlineData("-1")]
    [InlineData("1.5G")]
    [InlineData("9999999999G")]
    [InlineData("1 K")]
    public void TryParse_Bad_IsFalse(string text) => Assert.False(ByteCount.TryParse(text, out _));

    [Fact]
    public void TryParse_AnyText_NeverThrows() => 
        Gen.String[0, 30].Sample(text => !ByteCount.TryParse(text, out var bytes) || bytes >= 0);

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(long.MaxValue, "8.0 EiB")]
    public void Format_Bytes_PicksUnit(long bytes, string expected) => Assert.Equal(expected, ByteCount.Format(bytes));

    [Theory]
    [InlineData(0, 0, "100%")]
    [InlineData(999, 1000, "99%")]
    [InlineData(1000, 1000, "100%")]
    [InlineData(5000, 1000, "100%")]
    public void Percent_Share_RoundsDown(long part, long whole, string expected) =>
        Assert.Equal(expected, Percent.Of(part, whole));
}
