using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Client;
using StatelessSwarm.Trust.Identities;
using StatelessSwarm.Trust.Keys;
using StatelessSwarm.Trust.Roles;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Trust.Tests.Client;

/// <summary>Time statements and revocation lists: what a reader takes, keeps, and refuses.</summary>
public sealed class StatementTests : IDisposable
{
    private const long Now = TestSite.Now;

    private readonly TempDirectory _directory = new();
    private readonly TestSite _site = new();
    private readonly SigningKey _timeKey = TestKeys.Named("site time");
    private readonly SigningKey _identityKey = TestKeys.Named("site identity");

    public void Dispose() => _directory.Dispose();

    private static TrustFault Refusal(Action act) => Assert.Throws<TrustException>(act).Fault;

    private RootMetadata Root(bool hasTime = true, bool hasIdentity = false, long version = 1, SigningKey? timeKey = null)
    {
        var root = _site.Root(version);
        var keys = root.Keys.ToList();
        var roles = root.Roles.ToDictionary();
        var time = (timeKey ?? _timeKey).PublicKey;
        if (hasTime)
        {
            keys.Add(time);
            roles[MetadataRole.Time] = new RoleKeys(1, [time.Id]);
        }
        if (hasIdentity)
        {
            keys.Add(_identityKey.PublicKey);
            roles[MetadataRole.Identity] = new RoleKeys(1, [_identityKey.PublicKey.Id]);
        }
        return root with { Keys = [.. keys.OrderBy(key => key.Id)], Roles = roles };
    }

    private TrustedMetadata Open(RootMetadata? root = null) => TrustedMetadata.Open(_directory.At("trust"), _site.RootBytes(root ?? Root()), _site.Time);

    private static TimeStatement Statement(long serial = 1, long channel = 1, long expires = Now + 100, long root = 1, long revocations = 0) =>
        new()
        {
            Serial = serial,
            IssuedUnixSeconds = Now - 10,
            ExpiresUnixSeconds = expires,
            RootVersion = root,
            RevocationVersion = revocations,
            Channels = [("web", "stable", channel)],
        };

    private byte[] Signed(TimeStatement statement, SigningKey? key = null) =>
        SignedEnvelope.Sign(MetadataRole.Time, statement.Encode(), [key ?? _timeKey]).Encode();

    private static RevocationList Revoked(long version, params Sha256Digest[] keys) =>
        new()
        {
            Version = version,
            IssuedUnixSeconds = Now - 10,
            Keys = [.. keys.Order()],
        };

    private byte[] Signed(RevocationList list, SigningKey? key = null) =>
        SignedEnvelope.Sign(MetadataRole.Identity, list.Encode(), [key ?? _site.ChannelKey]).Encode();

    private static Sha256Digest Id(int number) => Sha256Digest.HashData([(byte)number]);

    [Fact]
    public void AcceptChannel_WithTimeRole_WantsAStatementInTime()
    {
        var metadata = Open();
        var pointer = _site.PointerBytes(TestSite.Pointer());
        Assert.True(metadata.NeedsTime);
        Assert.Equal(TrustFault.Expired, Refusal(() => metadata.AcceptChannel(pointer, "web", "stable")));
        metadata.AcceptTime(Signed(Statement()));
        metadata.AcceptChannel(pointer, "web", "stable");
        _site.Time.Advance(TimeSpan.FromSeconds(200));
        Assert.Equal(TrustFault.Expired, Refusal(() => metadata.AcceptChannel(pointer, "web", "stable")));
        // what is held stays: it boots
        Assert.NotNull(metadata.HeldChannel("web", "stable"));
    }

    /// <summary>Freeze: the old pointer is signed and in time, but the time role says that there is a newer one.</summary>
    [Fact]
    public void AcceptChannel_OlderThanCurrent_IsARollback()
    {
        var metadata = Open();
        metadata.AcceptTime(Signed(Statement(channel: 3)));
        Assert.Equal(TrustFault.Rollback, Refusal(() => metadata.AcceptChannel(_site.PointerBytes(TestSite.Pointer(serial: 2)), "web", "stable")));
        metadata.AcceptChannel(_site.PointerBytes(TestSite.Pointer(serial: 3)), "web", "stable");
        // published since the last statement: newer than it must be
        metadata.AcceptChannel(_site.PointerBytes(TestSite.Pointer(serial: 4)), "web", "stable");
    }

    [Fact]
    public void AcceptChannel_UnknownToTheStatement_IsAMismatch()
    {
        var metadata = Open();
        metadata.AcceptTime(Signed(Statement() with { Channels = [("web", "beta", 1)] }));
        Assert.Equal(TrustFault.Mismatch, Refusal(() => metadata.AcceptChannel(_site.PointerBytes(TestSite.Pointer()), "web", "stable")));
    }

    /// <summary>Mix and match: a current pointer beside an old revocation list.</summary>
    [Fact]
    public void AcceptChannel_RevocationsKeptBack_IsARollback()
    {
        var metadata = Open();
        metadata.AcceptRevocations(Signed(Revoked(1, Id(1))));
        metadata.AcceptTime(Signed(Statement(revocations: 2)));
        Assert.Equal(TrustFault.Rollback, Refusal(() => metadata.AcceptChannel(_site.PointerBytes(TestSite.Pointer()), "web", "stable")));
        metadata.AcceptRevocations(Signed(Revoked(2, Id(1), Id(2))));
        metadata.AcceptChannel(_site.PointerBytes(TestSite.Pointer()), "web", "stable");
    }

    [Fact]
    public void AcceptTime_ExpiredOlderOrOfANewerRoot_IsRefused()
    {
        var metadata = Open();
        metadata.AcceptTime(Signed(Statement(serial: 5)));
        Assert.Equal(TrustFault.Expired, Refusal(() => metadata.AcceptTime(Signed(Statement(serial: 6, expires: Now)))));
        Assert.Equal(TrustFault.Rollback, Refusal(() => metadata.AcceptTime(Signed(Statement(serial: 4)))));
        Assert.Equal(TrustFault.Rollback, Refusal(() => metadata.AcceptTime(Signed(Statement(serial: 6, root: 2)))));
        Assert.Equal(TrustFault.Rollback, Refusal(() => Open().AcceptTime(Signed(Statement(serial: 4)))));
        Assert.Equal(TrustFault.Rollback, Refusal(() => metadata.AcceptTime(Signed(Statement(serial: 5, channel: 2)))));
        metadata.AcceptTime(Signed(Statement(serial: 5)));
    }

    [Fact]
    public void AcceptTime_ByAnotherRole_IsRefused()
    {
        var metadata = Open();
        foreach (var key in (SigningKey[])[_site.ChannelKey, _site.RootKey, TestKeys.Named("stranger")])
            Assert.Equal(TrustFault.NotEnoughSignatures, Refusal(() => metadata.AcceptTime(Signed(Statement(), key))));
        var asChannel = SignedEnvelope.Sign(MetadataRole.Channel, Statement().Encode(), [_timeKey]).Encode();
        Assert.Equal(TrustFault.NotEnoughSignatures, Refusal(() => metadata.AcceptTime(asChannel)));
    }

    /// <summary>A stolen time key that counted far ahead is undone by replacing it.</summary>
    [Fact]
    public void AcceptRoot_TimeKeyReplaced_ForgetsWhatTheOldKeyCounted()
    {
        var metadata = Open();
        metadata.AcceptTime(Signed(Statement(serial: 1_000_000)));
        var next = TestKeys.Named("next time");
        metadata.AcceptRoot(_site.RootBytes(Root(version: 2, timeKey: next)));
        Assert.Null(metadata.TimeBytes);
        metadata.AcceptTime(Signed(Statement(serial: 7, root: 2), next));
        metadata.AcceptChannel(_site.PointerBytes(TestSite.Pointer()), "web", "stable");
    }

    [Fact]
    public void AcceptRevocations_SignedByTheChannelRole_WhenNobodyHoldsIdentity()
    {
        var metadata = Open(Root(hasTime: false));
        metadata.AcceptRevocations(Signed(Revoked(1, Id(1), Id(2))));
        Assert.Equal([Id(1), Id(2)], Open(Root(hasTime: false)).RevokedKeys.Order(), EqualityComparer<Sha256Digest>.Default);
        Assert.Equal(TrustFault.NotEnoughSignatures, Refusal(() => metadata.AcceptRevocations(Signed(Revoked(2), _site.ReleaseKey))));
    }

    [Fact]
    public void AcceptRevocations_WithIdentityRole_TakesItsKeysOnly()
    {
        var metadata = Open(Root(hasTime: false, hasIdentity: true));
        Assert.Equal(TrustFault.NotEnoughSignatures, Refusal(() => metadata.AcceptRevocations(Signed(Revoked(1)))));
        metadata.AcceptRevocations(Signed(Revoked(1), _identityKey));
    }

    [Fact]
    public void AcceptRevocations_LowerVersionOrOtherContent_IsARollback()
    {
        var metadata = Open();
        metadata.AcceptRevocations(Signed(Revoked(3, Id(1))));
        Assert.Equal(TrustFault.Rollback, Refusal(() => metadata.AcceptRevocations(Signed(Revoked(2)))));
        Assert.Equal(TrustFault.Rollback, Refusal(() => metadata.AcceptRevocations(Signed(Revoked(3, Id(2))))));
        metadata.AcceptRevocations(Signed(Revoked(3, Id(1))));
        metadata.AcceptRevocations(Signed(Revoked(4)));
        Assert.Empty(metadata.RevokedKeys);
    }

    [Fact]
    public void Decode_NotTheOneForm_IsRefused()
    {
        var list = Revoked(1, Id(1), Id(2)).Encode();
        Assert.Equal(2, RevocationList.Decode(list).Keys.Count);
        Assert.Equal(TrustFault.Malformed, Refusal(() => RevocationList.Decode((byte[])[.. list, 0])));
        Assert.Equal(TrustFault.Malformed, Refusal(() => (Revoked(1) with { Keys = [Id(1), Id(1)] }).Encode()));
        Assert.Equal(TrustFault.Malformed, Refusal(() => RevocationList.Decode(new byte[RevocationList.MaxBytes + 1])));
        var statement = Statement().Encode();
        Assert.Equal(1, TimeStatement.Decode(statement).SerialOf("web", "stable"));
        Assert.Null(TimeStatement.Decode(statement).SerialOf("web", "beta"));
        Assert.Equal(TrustFault.Malformed, Refusal(() => TimeStatement.Decode((byte[])[.. statement, 0])));
        Assert.Equal(TrustFault.Malformed, Refusal(() => (Statement() with { Channels = [("web", "b", 1), ("web", "a", 1)] }).Encode()));
        Assert.Equal(TrustFault.Malformed, Refusal(() => (Statement() with { Channels = [("../x", "b", 1)] }).Encode()));
        Assert.Equal(TrustFault.Malformed, Refusal(() => TimeStatement.Decode(new byte[TimeStatement.MaxBytes + 1])));
    }

    [Fact]
    public void Encode_FullSize_FitsTheLimit()
    {
        var list = Revoked(long.MaxValue) with { Keys = [.. Enumerable.Range(0, RevocationList.MaxKeys).Select(i => Sha256Digest.HashData(BitConverter.GetBytes(i))).Order()] };
        Assert.InRange(list.Encode().Length, 1, RevocationList.MaxBytes);
        var channels = Enumerable.Range(0, TimeStatement.MaxChannels).Select(i => (new string('p', 64), $"{i:0000}{new string('c', 60)}", long.MaxValue)).ToList();
        Assert.InRange((Statement(serial: long.MaxValue) with { Channels = channels }).Encode().Length, 1, TimeStatement.MaxBytes);
    }
}
