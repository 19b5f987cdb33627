using StatelessSwarm.Cli.Units;

namespace StatelessSwarm.Cli.Tests.Units;

public sealed class ByteCountTests
{
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
