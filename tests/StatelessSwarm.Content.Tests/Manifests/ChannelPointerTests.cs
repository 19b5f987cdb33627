using CsCheck;
using StatelessSwarm.Content.Manifests;
using static StatelessSwarm.Content.Tests.Manifests.ManifestSamples;

namespace StatelessSwarm.Content.Tests.Manifests;

public sealed class ChannelPointerTests
{
    [Fact]
    public void Encode_Sample_FrozenBytes()
    {
        var bytes = Pointer.Encode();
        Assert.Equal(PointerHex, Convert.ToHexStringLower(bytes));
        Assert.Equal(Pointer, ChannelPointer.Decode(bytes));
    }

    [Fact]
    public void Decode_AnyBitFlipped_RefusedOrAnotherPointer()
    {
        var bytes = Pointer.Encode();
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << bit % 8);
            try
            {
                var changed = ChannelPointer.Decode(bytes);
                Assert.NotEqual(Pointer, changed);
                Assert.Equal(bytes, changed.Encode());
            }
            catch (ContentException) { }
            bytes[bit / 8] ^= (byte)(1 << bit % 8);
        }
    }

    [Fact]
    public void Decode_TruncatedOrLonger_Refused()
    {
        var bytes = Pointer.Encode();
        for (var length = 0; length < bytes.Length; length++)
            Assert.Throws<ContentException>(() => ChannelPointer.Decode(bytes.AsMemory(0, length)));
        Assert.Throws<ContentException>(() => ChannelPointer.Decode((byte[])[.. bytes, 0]));
        Assert.Throws<ContentException>(() => ChannelPointer.Decode(new byte[ChannelPointer.MaxBytes + 1]));
        Assert.Throws<ContentException>(() => ChannelPointer.Decode(Manifest.Encode()));
    }

    [Fact]
    public void Pointer_AnyValues_RoundTrip() =>
        Gen.Select(Gen.Long[1, long.MaxValue], Gen.Long[0, 1L << 37], Gen.Long[1, long.MaxValue]).Sample((serial, issued, build) =>
        {
            var pointer = Pointer with { Serial = serial, IssuedUnixSeconds = issued, ExpiresUnixSeconds = issued + 1, Build = build };
            Assert.Equal(pointer, ChannelPointer.Decode(pointer.Encode()));
        });

    public static TheoryData<string, ChannelPointer> Bad => new()
    {
        { "product", Pointer with { Product = "A" } },
        { "channel", Pointer with { Channel = "../x" } },
        { "serial", Pointer with { Serial = 0 } },
        { "issued", Pointer with { IssuedUnixSeconds = -1 } },
        { "expires", Pointer with { ExpiresUnixSeconds = Pointer.IssuedUnixSeconds } },
        { "expires", Pointer with { ExpiresUnixSeconds = long.MaxValue } },
        { "release", Pointer with { Release = default } },
        { "build", Pointer with { Build = 0 } },
        { "version", Pointer with { Version = "1 0" } },
    };

    [Theory]
    [MemberData(nameof(Bad), DisableDiscoveryEnumeration = true)]
    public void Encode_FieldOutsideItsRange_NamesIt(string field, ChannelPointer pointer)
    {
        var fault = Assert.Throws<ContentException>(() => pointer.Encode());
        Assert.StartsWith($"channel: {field}: expected ", fault.Message, StringComparison.Ordinal);
    }
}
