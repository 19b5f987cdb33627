using System.Buffers;
using MessagePack;
using StatelessSwarm.Trust.Keys;
using StatelessSwarm.Trust.Roles;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Trust.Tests.Roles;

public sealed class RoleVerifierTests
{
    private static readonly SigningKey[] Keys = TestKeys.Several(3);

    private static readonly RootMetadata Root = RootMetadata.SameKeys(
        1,
        Keys.Select(key => key.PublicKey),
        2,
        DateTimeOffset.UnixEpoch,
        TimeSpan.FromDays(1)
    );

    [Fact]
    public void Verify_OneKeyTwice_CountsOnce()
    {
        var payload = "payload"u8.ToArray();
        var signed = SignedEnvelope.SignedBytes(MetadataRole.Release, payload);
        var twice = Raw(payload, (Keys[0], Keys[0].Sign(signed)), (Keys[0], Keys[0].Sign(signed)));

        Assert.Equal(new SignatureCount(1, 0, 0, 1), RoleVerifier.Count(Root, MetadataRole.Release, twice));
        Assert.Equal(
            TrustFault.NotEnoughSignatures,
            Assert.Throws<TrustException>(() => RoleVerifier.Verify(Root, MetadataRole.Release, twice, "release")).Fault
        );
    }

    [Fact]
    public void Verify_BrokenSignatureThenValidOneOfTheSameKey_CountsOnce()
    {
        var payload = "payload"u8.ToArray();
        var signed = SignedEnvelope.SignedBytes(MetadataRole.Release, payload);
        var both = Raw(payload, (Keys[0], new byte[64]), (Keys[0], Keys[0].Sign(signed)), (Keys[1], Keys[1].Sign(signed)));

        Assert.Equal(new SignatureCount(2, 1, 0, 0), RoleVerifier.Count(Root, MetadataRole.Release, both));
        RoleVerifier.Verify(Root, MetadataRole.Release, both, "release");
    }

    [Fact]
    public void Verify_StrangersBesideOneKey_IsRefusedAndNamesTheCount()
    {
        var envelope = SignedEnvelope.Sign(
            MetadataRole.Release,
            new byte[] { 1 },
            [Keys[0], TestKeys.Named("stranger 1"), TestKeys.Named("stranger 2")]
        );

        var refusal = Assert.Throws<TrustException>(
            () => RoleVerifier.Verify(Root, MetadataRole.Release, envelope, "release x")
        );
        Assert.Contains("release x: 1 of 2", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("2 by other keys", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_SignatureUnderAnotherKeysId_CountsNothing()
    {
        var payload = "payload"u8.ToArray();
        var signed = SignedEnvelope.SignedBytes(MetadataRole.Release, payload);
        var stolen = Raw(payload, (Keys[0], Keys[0].Sign(signed)), (Keys[1], Keys[0].Sign(signed)));

        Assert.False(RoleVerifier.IsMet(Root, MetadataRole.Release, stolen));
    }

    [Fact]
    public void Verify_RoleThatNobodyHolds_IsRefused()
    {
        var envelope = SignedEnvelope.Sign(MetadataRole.Time, new byte[] { 1 }, Keys);

        Assert.Equal(
            TrustFault.NotEnoughSignatures,
            Assert.Throws<TrustException>(() => RoleVerifier.Verify(Root, MetadataRole.Time, envelope, "time")).Fault
        );
    }

    [Fact]
    public void MetadataRole_Numbers_AreFrozen() =>
        Assert.Equal(
            [("Root", 1), ("Release", 2), ("Channel", 3), ("Time", 4), ("Identity", 5), ("Delegation", 6)],
            Enum.GetValues<MetadataRole>().Select(role => (role.ToString(), (int)role))
        );

    private static SignedEnvelope Raw(byte[] payload, params (SigningKey Key, byte[] Signature)[] signatures)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(3);
        writer.Write(1);
        writer.Write(payload);
        writer.WriteArrayHeader(signatures.Length);
        foreach (var (key, signature) in signatures)
        {
            writer.WriteArrayHeader(2);
            writer.Write(key.PublicKey.Id.ToArray());
            writer.Write(signature);
        }
        writer.Flush();
        return SignedEnvelope.Decode(buffer.WrittenSpan.ToArray(), 1000);
    }
}
