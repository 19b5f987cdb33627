using CsCheck;
using StatelessSwarm.Trust.Roles;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Trust.Tests.Signing;

public sealed class SignedEnvelopeTests
{
    private const int MaxPayload = 4096;

    [Fact]
    public void Envelope_EncodedAndDecoded_IsTheSame() =>
        Gen.Select(Gen.Byte.Array[0, 400], Gen.Int[1, 4], Gen.Int[1, 4])
            .Sample(
                (payload, keys, role) =>
                {
                    var envelope = SignedEnvelope.Sign((MetadataRole)role, payload, TestKeys.Several(keys));
                    var bytes = envelope.Encode();
                    var decoded = SignedEnvelope.Decode(bytes, MaxPayload);
                    return decoded.Payload.Span.SequenceEqual(payload)
                        && decoded.Signatures.Count == keys
                        && decoded.Encode().AsSpan().SequenceEqual(bytes);
                },
                iter: 50
            );

    [Fact]
    public void Envelope_AnyBitFlipped_IsRefusedOrMeetsNoThreshold()
    {
        // Goal: no single changed bit survives. Method: two signatures, threshold two, every bit of the encoding.
        var keys = TestKeys.Several(2);
        var root = RootMetadata.SameKeys(
            1,
            keys.Select(key => key.PublicKey),
            2,
            DateTimeOffset.UnixEpoch,
            TimeSpan.FromDays(1)
        );
        var bytes = SignedEnvelope.Sign(MetadataRole.Release, "the payload"u8.ToArray(), keys).Encode();
        Assert.True(RoleVerifier.IsMet(root, MetadataRole.Release, SignedEnvelope.Decode(bytes, MaxPayload)));
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            try
            {
                var envelope = SignedEnvelope.Decode(Bits.Flip(bytes, bit), MaxPayload);
                Assert.False(RoleVerifier.IsMet(root, MetadataRole.Release, envelope), $"bit {bit}");
            }
            catch (TrustException refusal)
            {
                Assert.Equal(TrustFault.Malformed, refusal.Fault);
            }
        }
    }

    [Fact]
    public void Envelope_OfAnotherRole_MeetsNoThreshold()
    {
        var keys = TestKeys.Several(1);
        var root = RootMetadata.SameKeys(1, [keys[0].PublicKey], 1, DateTimeOffset.UnixEpoch, TimeSpan.FromDays(1));
        var envelope = SignedEnvelope.Sign(MetadataRole.Channel, new byte[] { 1 }, keys);

        Assert.True(RoleVerifier.IsMet(root, MetadataRole.Channel, envelope));
        Assert.False(RoleVerifier.IsMet(root, MetadataRole.Release, envelope));
        Assert.False(RoleVerifier.IsMet(root, MetadataRole.Root, envelope));
        Assert.False(RoleVerifier.IsMet(root, MetadataRole.Time, envelope));
    }

    [Fact]
    public void Sign_SameKeyTwice_SignsOnce()
    {
        var key = TestKeys.Named("twice");

        Assert.Single(SignedEnvelope.Sign(MetadataRole.Root, new byte[] { 1 }, [key, key]).Signatures);
    }

    [Fact]
    public void Sign_NoKeyOrTooMany_IsAnArgumentError()
    {
        Assert.Throws<ArgumentException>(() => SignedEnvelope.Sign(MetadataRole.Root, new byte[] { 1 }, []));
        Assert.Throws<ArgumentException>(() => SignedEnvelope.Sign(MetadataRole.Root, new byte[] { 1 }, TestKeys.Several(33)));
        Assert.Equal(32, SignedEnvelope.Sign(MetadataRole.Root, new byte[] { 1 }, TestKeys.Several(32)).Signatures.Count);
    }

    [Fact]
    public void Decode_PayloadAboveLimit_IsRefused()
    {
        var bytes = SignedEnvelope.Sign(MetadataRole.Root, new byte[101], TestKeys.Several(1)).Encode();

        Assert.Equal(TrustFault.Malformed, Assert.Throws<TrustException>(() => SignedEnvelope.Decode(bytes, 100)).Fault);
        Assert.Equal(101, SignedEnvelope.Decode(bytes, 101).Payload.Length);
        Assert.Throws<TrustException>(() => SignedEnvelope.Decode(new byte[1_000_000], 100));
    }

    [Fact]
    public void Decode_ThirtyThreeSignatures_IsRefused()
    {
        var envelope = SignedEnvelope.Sign(MetadataRole.Root, new byte[] { 1 }, TestKeys.Several(32));
        var bytes = envelope.Encode();
        var one = SignedEnvelope.Sign(MetadataRole.Root, new byte[] { 1 }, TestKeys.Several(1)).Encode()[^101..];
        // array 16 head: dc 00 20 after [93 01 c4 01 01]
        Assert.Equal(new byte[] { 0xdc, 0x00, 0x20 }, bytes[5..8]);
        bytes[7] = 33;

        Assert.Throws<TrustException>(() => SignedEnvelope.Decode((byte[])[.. bytes, .. one], MaxPayload));
    }

    [Theory]
    [InlineData("94 01 c4 01 01 90 c0", "an array of four")]
    [InlineData("93 02 c4 01 01 90", "format 2")]
    [InlineData("93 cc 01 c4 01 01 90", "an integer longer than needed")]
    [InlineData("93 01 c5 00 01 01 90", "a binary head longer than needed")]
    [InlineData("93 01 a1 01 90", "a string for binary")]
    [InlineData("93 01 c0 90", "nil for the payload")]
    [InlineData("93 01 c4 01 01 dc 00 00", "an array head longer than needed")]
    [InlineData("93 01 c4 01 01 90 00", "a byte behind the end")]
    [InlineData("93 01 c4 01 01 91 92 c4 01 01 c4 01 01", "a key id and a signature of one byte")]
    [InlineData("93 01 c6 ff ff ff ff 01", "four gigabytes announced")]
    [InlineData("93 01 c4 01 01 dd ff ff ff ff", "four billion signatures announced")]
    [InlineData("c0", "nil")]
    [InlineData("", "nothing")]
    public void Decode_NotTheOneForm_IsRefused(string hex, string what)
    {
        var bytes = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

        var refusal = Assert.Throws<TrustException>(() => SignedEnvelope.Decode(bytes, MaxPayload));
        Assert.True(refusal.Fault == TrustFault.Malformed, what);
    }

    [Fact]
    public void Decode_RandomBytes_OnlyEverThrowsTrustException() =>
        Gen.Byte.Array[0, 200]
            .Sample(
                bytes =>
                {
                    bytes = [0x93, 0x01, .. bytes];
                    try
                    {
                        _ = SignedEnvelope.Decode(bytes, MaxPayload);
                        return true;
                    }
                    catch (TrustException refusal)
                    {
                        return refusal.Fault == TrustFault.Malformed;
                    }
                },
                iter: 2000
            );

    [Fact]
    public void SignedBytes_OfKnownPayload_AreFrozen() =>
        Assert.Equal(
            "73746174656c6573732f31" + "02" + "0000000000000003" + "616263",
            Convert.ToHexStringLower(SignedEnvelope.SignedBytes(MetadataRole.Release, "abc"u8))
        );
}
