using CsCheck;
using StatelessSwarm.Node.Configuration;

namespace StatelessSwarm.Node.Tests.Configuration;

public sealed class ByteSizeTests
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
        Assert.True(ByteSize.TryParse(text, out var bytes));
        Assert.Equal(expected, bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("K")]
    [InlineData("-1")]
    [InlineData("1.5G")]
    [InlineData("9999999999G")]
    [InlineData("1 K")]
    public void TryParse_Bad_IsFalse(string text) => Assert.False(ByteSize.TryParse(text, out _));

    [Fact]
    public void TryParse_AnyText_NeverThrows() => 
        Gen.String[0, 30].Sample(text => !ByteSize.TryParse(text, out var bytes) || bytes >= 0);
}
