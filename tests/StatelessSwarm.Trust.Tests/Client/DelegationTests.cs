using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Client;
using StatelessSwarm.Trust.Keys;
using StatelessSwarm.Trust.Roles;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Trust.Tests.Client;

/// <summary>Releases of one product signed by those to whom the release role has delegated it.</summary>
public sealed class DelegationTests : IDisposable
{
    private const long Now = TestSite.Now;

    private readonly TempDirectory _directory = new();
    private readonly TestSite _site = new();
    private readonly SigningKey _team = TestKeys.Named("web team");
    private readonly SigningKey _colleague = TestKeys.Named("web colleague");

    public void Dispose() => _directory.Dispose();

    private static TrustFault Refusal(Action act) => Assert.Throws<TrustException>(act).Fault;

    private TrustedMetadata Open() => TrustedMetadata.Open(_directory.At("trust"), _site.Shipped, _site.Time);

    private ReleaseDelegation To(long version, int threshold, params SigningKey[] keys) =>
        new()
        {
            Product = "web",
            Version = version,
            IssuedUnixSeconds = Now - 10,
            ExpiresUnixSeconds = Now + 100,
            Threshold = threshold,
            Keys = [.. keys.Select(key => key.PublicKey).OrderBy(key => key.Id)],
        };

    private byte[] Signed(ReleaseDelegation delegation, SigningKey? key = null) =>
        SignedEnvelope.Sign(MetadataRole.Delegation, delegation.Encode(), [key ?? _site.ReleaseKey]).Encode();

    private static byte[] ManifestBy(params SigningKey[] keys) =>
        SignedEnvelope.Sign(MetadataRole.Release, TestSite.Manifest().Encode(), keys).Encode();

    [Fact]
    public void AcceptManifest_ByTheDelegated_NeedsTheDelegation()
    {
        var metadata = Open();
        var pointer = TestSite.Pointer();
        Assert.Equal(TrustFault.NotEnoughSignatures, Refusal(() => metadata.AcceptManifest(ManifestBy(_team), pointer)));
        metadata.AcceptDelegation(Signed(To(1, 1, _team)), "web");
        metadata.AcceptManifest(ManifestBy(_team), pointer);
        Open().AcceptManifest(ManifestBy(_team), pointer.Release);
        // who has delegated may go on signing, and nobody else
        metadata.AcceptManifest(ManifestBy(_site.ReleaseKey), pointer);
        Assert.Equal(TrustFault.NotEnoughSignatures, Refusal(() => metadata.AcceptManifest(ManifestBy(_colleague), pointer)));
        Assert.Equal(TrustFault.NotEnoughSignatures, Refusal(() => metadata.AcceptManifest(ManifestBy(_site.ChannelKey), pointer)));
    }

    [Fact]
    public void AcceptManifest_OfAnotherProduct_IsNotTheirs()
    {
        var metadata = Open();
        metadata.AcceptDelegation(Signed(To(1, 1, _team)), "web");
        var mail = TestSite.Manifest() with { Product = "mail" };
        var bytes = SignedEnvelope.Sign(MetadataRole.Release, mail.Encode(), [_team]).Encode();
        Assert.Equal(TrustFault.NotEnoughSignatures, Refusal(() => metadata.AcceptManifest(bytes, Sha256Digest.HashData(mail.Encode()))));
        Assert.Equal(TrustFault.Mismatch, Refusal(() => metadata.AcceptDelegation(Signed(To(2, 1, _team)), "mail")));
    }

    [Fact]
    public void AcceptManifest_ThresholdOfTwo_WantsBoth()
    {
        var metadata = Open();
        metadata.AcceptDelegation(Signed(To(1, 2, _team, _colleague)), "web");
        Assert.Equal(TrustFault.NotEnoughSignatures, Refusal(() => metadata.AcceptManifest(ManifestBy(_team), TestSite.Pointer())));
        metadata.AcceptManifest(ManifestBy(_team, _colleague), TestSite.Pointer());
    }

    [Fact]
    public void AcceptDelegation_TakenBack_EndsIt()
    {
        var metadata = Open();
        metadata.AcceptDelegation(Signed(To(1, 1, _team)), "web");
        metadata.AcceptDelegation(Signed(To(2, 0)), "web");
        Assert.Equal(TrustFault.NotEnoughSignatures, Refusal(() => metadata.AcceptManifest(ManifestBy(_team), TestSite.Pointer())));
        Assert.Equal(TrustFault.Rollback, Refusal(() => metadata.AcceptDelegation(Signed(To(1, 1, _team)), "web")));
        Assert.Equal(TrustFault.Rollback, Refusal(() => Open().AcceptDelegation(Signed(To(1, 1, _team)), "web")));
        Assert.Equal(TrustFault.Rollback, Refusal(() => metadata.AcceptDelegation(Signed(To(2, 1, _team)), "web")));
    }

    [Fact]
    public void AcceptDelegation_ByAnotherRole_IsRefused()
    {
        var metadata = Open();
        foreach (var key in (SigningKey[])[_site.ChannelKey, _site.RootKey, _team])
            Assert.Equal(TrustFault.NotEnoughSignatures, Refusal(() => metadata.AcceptDelegation(Signed(To(1, 1, _team), key), "web")));
        var asRelease = SignedEnvelope.Sign(MetadataRole.Release, To(1, 1, _team).Encode(), [_site.ReleaseKey]).Encode();
        Assert.Equal(TrustFault.NotEnoughSignatures, Refusal(() => metadata.AcceptDelegation(asRelease, "web")));
    }

    /// <summary>Expiry keeps new releases out; what is followed by its digest, and what boots, goes on.</summary>
    [Fact]
    public void AcceptManifest_DelegationExpired_NothingNew()
    {
        var metadata = Open();
        metadata.AcceptDelegation(Signed(To(1, 1, _team)), "web");
        _site.Time.Advance(TimeSpan.FromSeconds(100));
        Assert.Equal(TrustFault.Expired, Refusal(() => metadata.AcceptManifest(ManifestBy(_team), TestSite.Pointer())));
        metadata.AcceptManifest(ManifestBy(_team), TestSite.Pointer().Release);
        metadata.AcceptManifest(ManifestBy(_site.ReleaseKey), TestSite.Pointer());
    }

    /// <summary>The time role names the delegation's version: one that was taken back cannot be used by keeping that from a machine.</summary>
    [Fact]
    public void AcceptManifest_DelegationKeptBack_IsARollback()
    {
        var root = _site.Root();
        var roles = new Dictionary<MetadataRole, RoleKeys>(root.Roles) { [MetadataRole.Time] = root.Roles[MetadataRole.Channel] };
        var metadata = TrustedMetadata.Open(_directory.At("timed"), _site.RootBytes(root with { Roles = roles }), _site.Time);
        metadata.AcceptDelegation(Signed(To(1, 1, _team)), "web");
        var statement = new TimeStatement
        {
            Serial = 1,
            IssuedUnixSeconds = Now - 10,
            ExpiresUnixSeconds = Now + 50,
            RootVersion = 1,
            RevocationVersion = 0,
            Channels = [("web", "stable", 1)],
            Delegations = [("web", 2)],
        };
        metadata.AcceptTime(SignedEnvelope.Sign(MetadataRole.Time, statement.Encode(), [_site.ChannelKey]).Encode());
        Assert.Equal(TrustFault.Rollback, Refusal(() => metadata.AcceptManifest(ManifestBy(_team), TestSite.Pointer())));
        metadata.AcceptDelegation(Signed(To(2, 1, _team)), "web");
        metadata.AcceptManifest(ManifestBy(_team), TestSite.Pointer());
    }

    [Fact]
    public void Decode_NotTheOneForm_IsRefused()
    {
        var bytes = To(1, 1, _team, _colleague).Encode();
        Assert.Equal(2, ReleaseDelegation.Decode(bytes).Keys.Count);
        Assert.Equal(TrustFault.Malformed, Refusal(() => ReleaseDelegation.Decode((byte[])[.. bytes, 0])));
        Assert.Equal(TrustFault.Malformed, Refusal(() => To(1, 3, _team, _colleague).Encode()));
        Assert.Equal(TrustFault.Malformed, Refusal(() => To(1, 0, _team).Encode()));
        Assert.Equal(TrustFault.Malformed, Refusal(() => To(1, 1).Encode()));
        Assert.Equal(TrustFault.Malformed, Refusal(() => (To(1, 1, _team) with { Product = "../x" }).Encode()));
        Assert.Equal(TrustFault.Malformed, Refusal(() => ReleaseDelegation.Decode(new byte[ReleaseDelegation.MaxBytes + 1])));
        var full = To(long.MaxValue, 1, [.. TestKeys.Several(ReleaseDelegation.MaxKeys)]) with { Product = new string('p', 64) };
        Assert.InRange(full.Encode().Length, 1, ReleaseDelegation.MaxBytes);
    }
}
