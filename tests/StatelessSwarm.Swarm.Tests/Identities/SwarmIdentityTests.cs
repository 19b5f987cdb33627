using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Swarm.Identities;
using StatelessSwarm.Testing.Identities;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Swarm.Tests.Identities;

/// <summary>Which certificates make a member.</summary>
public sealed class SwarmIdentityTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public void MemberOf_CertificateOfTheAuthority_IsNamedByItsKey()
    {
        using var ours = Open(_authority.NewIdentity());
        var theirs = _authority.NewIdentity("web-1");
        using var certificate = CertificateIn(theirs);
        var member = ours.MemberOf(certificate);
        Assert.NotNull(member);
        Assert.Equal(Sha256Digest.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()), member.KeyId);
        Assert.True(member.MayTakePart("web-1"));
        Assert.False(member.MayTakePart("web-10"));
        Assert.False(member.MayTakePart("web-"));
    }

    [Fact]
    public void MemberOf_AnyTorrent_MayTakePartInAll()
    {
        using var ours = Open(_authority.NewIdentity());
        using var certificate = CertificateIn(_authority.NewIdentity(isInCommonName: true));
        Assert.True(ours.MemberOf(certificate)!.MayTakePart("whatever"));
    }

    [Fact]
    public void MemberOf_Stranger_IsNone()
    {
        using var others = new TestAuthority();
        using var ours = Open(_authority.NewIdentity());
        using var stranger = CertificateIn(others.NewIdentity());
        Assert.Null(ours.MemberOf(stranger));
        Assert.Null(ours.MemberOf(null));
    }

    /// <summary>A member is no authority: whom it vouches for is a stranger.</summary>
    [Fact]
    public void MemberOf_SignedByAMember_IsNone()
    {
        using var ours = Open(_authority.NewIdentity());
        using var certificate = CertificateIn(_authority.NewIdentityBy(_authority.NewIdentity()));
        Assert.Null(ours.MemberOf(certificate));
    }

    [Fact]
    public void MemberOf_ExpiredOrNotYet_IsNone()
    {
        using var ours = Open(_authority.NewIdentity());
        using var expired = CertificateIn(_authority.NewIdentity(beginsInDays: -3, endsInDays: -1));
        using var early = CertificateIn(_authority.NewIdentity(beginsInDays: 1, endsInDays: 2));
        Assert.Null(ours.MemberOf(expired));
        Assert.Null(ours.MemberOf(early));
    }

    [Fact]
    public void MemberOf_TheAuthorityItself_IsNone()
    {
        using var ours = Open(_authority.NewIdentity());
        using var certificate = X509Certificate2.CreateFromPem(_authority.Pem);
        Assert.Null(ours.MemberOf(certificate));
    }

    /// <summary>A machine without a clock starts in 1970: it takes the time at which its own certificate begins.</summary>
    [Fact]
    public void Open_ClockAtTheBeginningOfTime_UsesTheCertificatesOwn()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch);
        using var ours = SwarmIdentity.Open(_authority.NewIdentity(), time);
        using var theirs = CertificateIn(_authority.NewIdentity(beginsInDays: -2));
        Assert.NotNull(ours.MemberOf(theirs));
    }

    [Fact]
    public void Revoke_Member_IsNoneUntilTakenBack()
    {
        using var ours = Open(_authority.NewIdentity());
        using var certificate = CertificateIn(_authority.NewIdentity());
        var calls = 0;
        ours.Revoked += (_, _) => calls++;
        var id = SwarmIdentity.KeyIdOf(certificate);
        ours.Revoke(new HashSet<Sha256Digest> { id });
        Assert.Null(ours.MemberOf(certificate));
        ours.Revoke(new HashSet<Sha256Digest> { id });
        Assert.Equal(1, calls);
        ours.Revoke(new HashSet<Sha256Digest>());
        Assert.NotNull(ours.MemberOf(certificate));
    }

    /// <summary>HTTP clients are made once and live on: after a renewal they show the new certificate.</summary>
    [Fact]
    public void Reload_OptionsMadeBefore_ShowTheNewCertificate()
    {
        var directory = _authority.NewIdentity(beginsInDays: -6, endsInDays: 2);
        using var ours = Open(directory);
        var (server, member) = (ours.ServerOptions(), ours.MemberOptions());
        Assert.True(ours.IsDueForRenewal);
        using var renewed = X509CertificateLoader.LoadCertificate(_authority.Renew(directory, endsInDays: 9));
        File.WriteAllText(Path.Combine(directory, SwarmIdentity.CertificateFile), renewed.ExportCertificatePem());
        ours.Reload(directory);
        Assert.False(ours.IsDueForRenewal);
        foreach (var options in new[] { server, member })
            Assert.Equal(renewed.RawData, options.LocalCertificateSelectionCallback!(this, "", [], null, [])!.GetRawCertData());
    }

    [Fact]
    public void Reload_AnotherIdentity_IsRefusedAndNothingChanges()
    {
        var directory = _authority.NewIdentity();
        using var ours = Open(directory);
        var other = _authority.NewIdentity();
        foreach (var name in (string[])[SwarmIdentity.CertificateFile, SwarmIdentity.KeyFile])
            File.Copy(Path.Combine(other, name), Path.Combine(directory, name), overwrite: true);
        var before = ours.ExpiresAt;
        Assert.Throws<IdentityException>(() => ours.Reload(directory));
        Assert.Equal(before, ours.ExpiresAt);
    }

    /// <summary>What a server asks with every request, of a certificate that its handshake has verified.</summary>
    [Fact]
    public void StillMember_RevokedOrOver_IsNone()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        using var ours = SwarmIdentity.Open(_authority.NewIdentity(endsInDays: 20), time);
        using var certificate = CertificateIn(_authority.NewIdentity(endsInDays: 2));
        Assert.NotNull(ours.StillMember(certificate));
        ours.Revoke(new HashSet<Sha256Digest> { SwarmIdentity.KeyIdOf(certificate) });
        Assert.Null(ours.StillMember(certificate));
        ours.Revoke(new HashSet<Sha256Digest>());
        time.Advance(TimeSpan.FromDays(3));
        Assert.Null(ours.StillMember(certificate));
        Assert.Null(ours.StillMember(null));
    }

    [Fact]
    public void Open_MissingFile_NamesIt()
    {
        var directory = _authority.NewIdentity();
        File.Delete(Path.Combine(directory, SwarmIdentity.KeyFile));
        var fault = Assert.Throws<IdentityException>(() => Open(directory));
        Assert.StartsWith(Path.Combine(directory, SwarmIdentity.KeyFile), fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_KeyOfAnother_NamesIt()
    {
        var directory = _authority.NewIdentity();
        File.Copy(Path.Combine(_authority.NewIdentity(), SwarmIdentity.KeyFile), Path.Combine(directory, SwarmIdentity.KeyFile), overwrite: true);
        var fault = Assert.Throws<IdentityException>(() => Open(directory));
        Assert.Contains(SwarmIdentity.KeyFile, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SwarmIdentity.AuthorityFile)]
    [InlineData(SwarmIdentity.CertificateFile)]
    [InlineData(SwarmIdentity.KeyFile)]
    public void Open_DamagedFile_NamesIt(string name)
    {
        var directory = _authority.NewIdentity();
        var path = Path.Combine(directory, name);
        File.WriteAllText(path, File.ReadAllText(path).Replace('A', 'B').Replace('M', '-'));
        var fault = Assert.Throws<IdentityException>(() => Open(directory));
        Assert.Contains(name, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_CertificateOfAnotherAuthority_IsRefused()
    {
        using var others = new TestAuthority();
        var directory = _authority.NewIdentity();
        File.WriteAllText(Path.Combine(directory, SwarmIdentity.AuthorityFile), others.Pem);
        var fault = Assert.Throws<IdentityException>(() => Open(directory));
        Assert.Contains("expected a certificate that the authority has signed", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task IsOf_Torrent_OnlyOfTheSameAuthority()
    {
        using var others = new TestAuthority();
        using var ours = Open(_authority.NewIdentity());
        using var open = await SampleTorrent.CreateAsync(16 * 1024, 1000);
        using var closed = await SampleTorrent.CreateAsync(new TorrentBuildOptions { Name = "s", Authority = _authority.Pem }, 1000);
        using var foreign = await SampleTorrent.CreateAsync(new TorrentBuildOptions { Name = "s", Authority = others.Pem }, 1000);
        using var broken = await SampleTorrent.CreateAsync(new TorrentBuildOptions { Name = "s", Authority = "nothing" }, 1000);
        Assert.False(ours.IsOf(open.Metainfo.Info));
        Assert.True(ours.IsOf(closed.Metainfo.Info));
        Assert.False(ours.IsOf(foreign.Metainfo.Info));
        Assert.False(ours.IsOf(broken.Metainfo.Info));
    }

    private static SwarmIdentity Open(string directory) => SwarmIdentity.Open(directory, TimeProvider.System);

    private static X509Certificate2 CertificateIn(string directory) =>
        X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(directory, SwarmIdentity.CertificateFile)));
}
