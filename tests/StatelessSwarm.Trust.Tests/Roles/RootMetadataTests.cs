using CsCheck;
using StatelessSwarm.Trust.Keys;
using StatelessSwarm.Trust.Roles;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Trust.Tests.Roles;

public sealed class RootMetadataTests
{
    private static readonly SigningKey[] Keys = TestKeys.Several(5);

    private static RootMetadata Sample(long version = 1, int threshold = 2) =>
        RootMetadata.SameKeys(
            version,
            Keys.Select(key => key.PublicKey),
            threshold,
            DateTimeOffset.FromUnixTimeSeconds(1_700_000_000),
            TimeSpan.FromDays(365)
        );

    private static RootMetadata WithRole(MetadataRole role, RoleKeys holders) =>
        Sample() with
        {
            Roles = new Dictionary<MetadataRole, RoleKeys>(Sample().Roles) { [role] = holders },
        };

    [Fact]
    public void Root_EncodedAndDecoded_IsTheSame()
    {
        var root = WithRole(MetadataRole.Time, new RoleKeys(1, [Sample().Keys[2].Id])) with { Version = 77 };
        var decoded = RootMetadata.Decode(root.Encode());

        Assert.Equal(root.Encode(), decoded.Encode());
        Assert.Equal(77, decoded.Version);
        Assert.Equal(root.Keys, decoded.Keys);
        Assert.Equal(4, decoded.Roles.Count);
        Assert.Equal(root.Roles[MetadataRole.Time].KeyIds, decoded.Roles[MetadataRole.Time].KeyIds);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(6)]
    [InlineData(int.MaxValue)]
    public void Root_ThresholdOutsideItsKeys_IsRefusedOnBothSides(int threshold)
    {
        var bad = Sample(threshold: threshold);

        Assert.Equal(TrustFault.Malformed, Assert.Throws<TrustException>(bad.Encode).Fault);
        var good = Sample(threshold: 5).Encode();
        var patched = 0;
        for (var at = 0; at + 1 < good.Length; at++)
        {
            // [threshold 5, array of 5 ids]: 92 05 95
            if (good[at] != 0x92 || good[at + 1] != 0x05 || good[at + 2] != 0x95)
                continue;
            patched++;
            var bytes = (byte[])good.Clone();
            bytes[at + 1] = threshold switch
            {
                0 => 0,
                -1 => 0xff,
                6 => 6,
                _ => 0x7f,
            };
            Assert.Equal(TrustFault.Malformed, Assert.Throws<TrustException>(() => RootMetadata.Decode(bytes)).Fault);
        }
        Assert.Equal(3, patched);
    }

    [Fact]
    public void Root_BrokenField_IsRefused()
    {
        var sample = Sample();
        var ids = sample.Keys.Select(key => key.Id).ToArray();
        var stranger = TestKeys.Named("stranger").PublicKey;
        RootMetadata[] bad =
        [
            sample with { Version = 0 },
            sample with { Version = -1 },
            sample with { IssuedUnixSeconds = -1 },
            sample with { ExpiresUnixSeconds = sample.IssuedUnixSeconds },
            sample with { ExpiresUnixSeconds = RootMetadata.MaxUnixSeconds + 1 },
            sample with { Keys = [] },
            sample with { Keys = [.. sample.Keys.Reverse()] },
            sample with { Keys = [.. sample.Keys, sample.Keys[^1]] },
            WithRole(MetadataRole.Release, new RoleKeys(1, [])),
            WithRole(MetadataRole.Release, new RoleKeys(2, [ids[0], ids[0]])),
            WithRole(MetadataRole.Release, new RoleKeys(1, [ids[1], ids[0]])),
            WithRole(MetadataRole.Release, new RoleKeys(1, [stranger.Id])),
            WithRole((MetadataRole)9, new RoleKeys(1, [ids[0]])),
            sample with { Roles = sample.Roles.Where(role => role.Key != MetadataRole.Root).ToDictionary() },
            sample with { Roles = sample.Roles.Where(role => role.Key != MetadataRole.Channel).ToDictionary() },
        ];
        foreach (var root in bad)
            Assert.Equal(TrustFault.Malformed, Assert.Throws<TrustException>(root.Encode).Fault);
    }

    [Fact]
    public void Root_SmallOrderKey_IsRefused()
    {
        var bytes = Sample().Encode();
        var at = bytes.AsSpan().IndexOf(Sample().Keys[0].Bytes.Span);
        bytes.AsSpan(at, PublicKey.Size).Clear();
        bytes[at] = 1;

        Assert.Contains(
            "prime-order",
            Assert.Throws<TrustException>(() => RootMetadata.Decode(bytes)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Root_MutatedOrCut_OnlyEverThrowsTrustException() =>
        Gen.Select(Gen.Int[0, 700], Gen.Byte.Array[0, 40], Gen.Bool)
            .Sample(
                (at, noise, cut) =>
                {
                    var good = Sample().Encode();
                    at = Math.Min(at, good.Length);
                    byte[] bytes = cut
                        ? [.. good.AsSpan(0, at), .. noise]
                        : [.. good.AsSpan(0, at), .. noise, .. good.AsSpan(Math.Min(at + noise.Length, good.Length))];
                    try
                    {
                        return RootMetadata.Decode(bytes).Encode().AsSpan().SequenceEqual(bytes);
                    }
                    catch (TrustException refusal)
                    {
                        return refusal.Fault == TrustFault.Malformed;
                    }
                },
                iter: 1000
            );

    [Fact]
    public void Chain_NextVersionSignedByBoth_IsAccepted()
    {
        var held = Sample();
        var next = Sample(version: 2, threshold: 3);

        RootChain.Verify(held, Envelope(next, Keys[..3]), next);
    }

    [Theory]
    [InlineData(1, TrustFault.BrokenRootChain)]
    [InlineData(3, TrustFault.BrokenRootChain)]
    [InlineData(long.MaxValue, TrustFault.BrokenRootChain)]
    public void Chain_NotTheNextVersion_IsRefused(long version, TrustFault fault)
    {
        var next = Sample(version);

        Assert.Equal(fault, Refusal(Sample(), next, Keys));
    }

    [Fact]
    public void Chain_LowerVersion_IsARollback() =>
        Assert.Equal(TrustFault.Rollback, Refusal(Sample(version: 9), Sample(version: 8), Keys));

    [Fact]
    public void Chain_OnlyOldOrOnlyNewKeys_IsRefused()
    {
        var held = Sample();
        SigningKey[] others = [TestKeys.Named("new a"), TestKeys.Named("new b")];
        var next = RootMetadata.SameKeys(
            2,
            others.Select(key => key.PublicKey),
            2,
            DateTimeOffset.FromUnixTimeSeconds(1_700_000_000),
            TimeSpan.FromDays(365)
        );

        Assert.Equal(TrustFault.NotEnoughSignatures, Refusal(held, next, others));
        Assert.Equal(TrustFault.NotEnoughSignatures, Refusal(held, next, Keys));
        Assert.Equal(TrustFault.NotEnoughSignatures, Refusal(held, next, [Keys[0], .. others]));
        RootChain.Verify(held, Envelope(next, [Keys[0], Keys[1], .. others]), next);
    }

    private static SignedEnvelope Envelope(RootMetadata root, SigningKey[] keys) =>
        SignedEnvelope.Sign(MetadataRole.Root, root.Encode(), keys);

    private static TrustFault Refusal(RootMetadata held, RootMetadata next, SigningKey[] keys) =>
        Assert.Throws<TrustException>(() => RootChain.Verify(held, Envelope(next, keys), next)).Fault;
}
