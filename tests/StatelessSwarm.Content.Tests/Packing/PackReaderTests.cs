using CsCheck;
using StatelessSwarm.Content.Packing;

namespace StatelessSwarm.Content.Tests.Packing;

public sealed class PackReaderTests
{
    [Theory]
    [InlineData("cc01")] // 1 in two bytes
    [InlineData("cd00ff")]
    [InlineData("ce0000ffff")]
    [InlineData("cf00000000ffffffff")]
    [InlineData("d001")] // signed form of a positive number
    [InlineData("d10100")] // as long as the unsigned form
    [InlineData("d200010000")]
    [InlineData("d30000000100000000")]
    [InlineData("d0ff")] // -1 in two bytes
    [InlineData("d1ff80")]
    [InlineData("d2ffff8000")]
    [InlineData("d3ffffffff80000000")]
    [InlineData("d90161")] // "a" with an 8-bit length
    [InlineData("da000161")]
    [InlineData("db0000000161")]
    [InlineData("c5000161")]
    [InlineData("c60000000161")]
    [InlineData("dc000101")]
    [InlineData("dd0000000101")]
    [InlineData("de00010101")]
    [InlineData("df000000010101")]
    [InlineData("c0")] // nil
    [InlineData("ca3f800000")] // float
    [InlineData("cb3ff0000000000000")]
    [InlineData("d40101")] // extension
    [InlineData("c1")] // never used
    [InlineData("cfffffffffffffffff")] // beyond 63 bits
    [InlineData("a1ff")] // not UTF-8
    [InlineData("a3eda080")] // a lone surrogate
    [InlineData("8201010101")] // key twice
    [InlineData("8202010101")] // keys descending
    [InlineData("81ff01")] // negative key
    [InlineData("81a16101")] // text key
    [InlineData("81ce8000000001")] // key beyond 31 bits
    [InlineData("999999999999999999")] // too deep
    [InlineData("0101")] // trailing byte
    [InlineData("")]
    [InlineData("a2")]
    [InlineData("c4")]
    [InlineData("c402")]
    [InlineData("dbffffffff")]
    [InlineData("c6ffffffff")]
    [InlineData("ddffffffff")]
    [InlineData("dfffffffff")]
    [InlineData("cd01")]
    public void SkipValue_OutsideTheSubset_Refused(string hex) =>
        Assert.Throws<ContentException>(() =>
        {
            var reader = new PackReader(Convert.FromHexString(hex), "test", 1000);
            reader.SkipValue("value");
            reader.Finish();
        });

    [Theory]
    [InlineData(0, "00")]
    [InlineData(127, "7f")]
    [InlineData(128, "cc80")]
    [InlineData(65535, "cdffff")]
    [InlineData(65536, "ce00010000")]
    [InlineData(4294967296, "cf0000000100000000")]
    [InlineData(long.MaxValue, "cf7fffffffffffffff")]
    [InlineData(-1, "ff")]
    [InlineData(-33, "d0df")]
    [InlineData(-129, "d1ff7f")]
    [InlineData(long.MinValue, "d38000000000000000")]
    public void Integer_Boundaries_FrozenBytes(long value, string hex)
    {
        var writer = new PackWriter();
        writer.WriteInteger(value);
        Assert.Equal(hex, Convert.ToHexStringLower(writer.ToArray()));
        var reader = new PackReader(Convert.FromHexString(hex), "test", 10);
        Assert.Equal(value, reader.ReadInteger("value", long.MinValue, long.MaxValue));
        reader.Finish();
    }

    [Theory]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(65535)]
    [InlineData(65536)]
    public void TextAndBinary_LengthBoundaries_RoundTrip(int length)
    {
        var writer = new PackWriter();
        writer.WriteArray(2);
        writer.WriteText(new string('x', length));
        writer.WriteBinary(new byte[length]);
        var bytes = writer.ToArray();
        var reader = new PackReader(bytes, "test", bytes.Length);
        Assert.Equal(2, reader.BeginArray("pair", 2));
        Assert.Equal(length, reader.ReadText("text", length).Length);
        Assert.Equal(length, reader.ReadBinary("binary", length, length).Length);
        reader.EndArray();
        reader.Finish();
    }

    [Fact]
    public void Map_UnknownKey_Refused()
    {
        var bytes = Convert.FromHexString("8201020304");
        var fault = Assert.Throws<ContentException>(() =>
        {
            var reader = new PackReader(bytes, "test", 10);
            reader.BeginMap("top");
            reader.ReadKey(1, "one");
            reader.ReadInteger("one", 0, 9);
            Assert.False(reader.TryReadKey(2, "two"));
            reader.EndMap("top");
        });
        Assert.Equal("test: top (byte 3): expected no further key after 1", fault.Message);
    }

    [Fact]
    public void Bounds_TooLong_Refused()
    {
        Assert.Throws<ContentException>(() => new PackReader(new byte[11], "test", 10));
        Assert.Throws<ContentException>(() => new PackReader(Convert.FromHexString("a3616263"), "test", 10).ReadText("text", 2));
        Assert.Throws<ContentException>(() => new PackReader(Convert.FromHexString("c403010203"), "test", 10).ReadBinary("b", 4, 9));
        Assert.Throws<ContentException>(() => new PackReader(Convert.FromHexString("93010203"), "test", 10).BeginArray("a", 2));
        Assert.Throws<ContentException>(() => new PackReader(Convert.FromHexString("05"), "test", 10).ReadInteger("i", 6, 9));
    }

    [Fact]
    public void Writer_WrongCount_IsABugOfTheCaller()
    {
        var writer = new PackWriter();
        writer.WriteMap(2);
        writer.WriteKey(1);
        writer.WriteBoolean(true);
        Assert.Throws<InvalidOperationException>(() => writer.ToArray());
    }

    [Fact]
    public void SkipValue_RandomBytes_AcceptsOnlyItsOwnReencoding() =>
        Gen.Byte.Array[0, 24].Sample(bytes =>
        {
            try
            {
                var reader = new PackReader(bytes, "test", 24);
                var value = reader.SkipValue("value");
                var writer = new PackWriter();
                writer.WriteRaw(value.Span);
                Assert.Equal(value.ToArray(), writer.ToArray());
            }
            catch (ContentException) { }
        }, iter: 50_000);
}
