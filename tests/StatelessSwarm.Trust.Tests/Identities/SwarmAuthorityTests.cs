using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Identities;

namespace StatelessSwarm.Trust.Tests.Identities;

/// <summary>Who gets a certificate, and what it says.</summary>
public sealed class SwarmAuthorityTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly TestSite _site = new();
    private readonly SwarmAuthority _authority;

    public SwarmAuthorityTests() => _authority = SwarmAuthority.Create(Location, TimeSpan.FromDays(100), _site.Time);

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
    }

    private string Location => _directory.At("authority");

    private static TrustFault Refusal(Action act) => Assert.Throws<TrustException>(act).Fault;

    [Fact]
    public void Create_KeyIsForItsOwnerOnly_AndNeverOverwritten()
    {
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Location, SwarmAuthority.KeyFile)));
        var before = File.ReadAllText(Path.Combine(Location, SwarmAuthority.KeyFile));
        Assert.Throws<IOException>(() => SwarmAuthority.Create(Location, TimeSpan.FromDays(1), _site.Time));
        Assert.Equal(before, File.ReadAllText(Path.Combine(Location, SwarmAuthority.KeyFile)));
        using var again = SwarmAuthority.Open(Location, _site.Time);
        Assert.Equal(_authority.Fingerprint, again.Fingerprint);
    }

    [Fact]
    public void Issue_Certificate_SaysWhatTlsNeedsAndNoNames()
    {
        var issued = _authority.Issue(Request("web-17") with { Hosts = ["seed.example", "10.0.0.1"], Lifetime = TimeSpan.FromDays(10) });
        using var certificate = X509CertificateLoader.LoadCertificate(issued.Certificate.Span);
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Equal(["*", "seed.example"], names.EnumerateDnsNames());
        Assert.Equal(["10.0.0.1"], names.EnumerateIPAddresses().Select(address => address.ToString()));
        Assert.False(certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        Assert.Equal(X509KeyUsageFlags.DigitalSignature, certificate.Extensions.OfType<X509KeyUsageExtension>().Single().KeyUsages);
        Assert.Equal(2, certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Count);
        Assert.DoesNotContain("web-17", System.Text.Encoding.Latin1.GetString(issued.Certificate.Span), StringComparison.Ordinal);
        Assert.Equal(issued.KeyId, Sha256Digest.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));
        Assert.Equal(_site.Time.GetUtcNow().AddDays(10), issued.ExpiresAt);
        using var authority = X509CertificateLoader.LoadCertificate(_authority.Certificate.Span);
        Assert.Equal(authority.Subject, certificate.Issuer);
    }

    [Fact]
    public void Issue_BeyondTheAuthority_EndsWithIt()
    {
        var issued = _authority.Issue(Request("web-17") with { Lifetime = TimeSpan.FromDays(1000) });
        Assert.Equal(_authority.ExpiresAt, issued.ExpiresAt);
        _site.Time.Advance(TimeSpan.FromDays(101));
        Assert.Equal(TrustFault.Expired, Refusal(() => _authority.Issue(Request("web-18"))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("../x")]
    [InlineData("ä")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public void Issue_BadName_IsRefused(string name) => Assert.Equal(TrustFault.Malformed, Refusal(() => _authority.Issue(Request(name))));

    [Theory]
    [InlineData("*")]
    [InlineData("*.example")]
    [InlineData("a b")]
    [InlineData("")]
    public void Issue_BadHost_IsRefused(string host) =>
        Assert.Equal(TrustFault.Malformed, Refusal(() => _authority.Issue(Request("seed") with { Hosts = [host] })));

    [Fact]
    public void Issue_DamagedRequest_IsRefused()
    {
        var request = IdentityRequest.Create().SigningRequest.ToArray();
        for (var bit = 0; bit < request.Length * 8; bit += 11)
        {
            var damaged = Bits.Flip(request, bit);
            Assert.Equal(TrustFault.Malformed, Refusal(() => _authority.Issue(new IssueRequest { SigningRequest = damaged, Name = "x" })));
        }
        Assert.Equal(TrustFault.Malformed, Refusal(() => _authority.Issue(new IssueRequest { SigningRequest = new byte[IdentityRequest.MaxBytes + 1], Name = "x" })));
        Assert.Empty(_authority.List());
    }

    [Theory]
    [InlineData(1024, false)]
    [InlineData(2048, true)]
    public void Issue_RsaKey_OnlyOfSomeLength(int bits, bool isTaken)
    {
        using var key = RSA.Create(bits);
        var request = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequest();
        var fault = Record.Exception(() => _authority.Issue(new IssueRequest { SigningRequest = request, Name = "x" }));
        Assert.Equal(isTaken, fault is null);
    }

    [Fact]
    public void Token_Text_IsReadBackAndItsSecretShownNowhereElse()
    {
        var token = _authority.NewToken("web-17", uses: 1, TimeSpan.FromHours(1));
        var text = token.Format();
        Assert.Equal(EnrolmentToken.Length, text.Length);
        Assert.True(EnrolmentToken.TryParse($" {text}\n", out var again));
        Assert.Equal((token.Id, token.Authority), (again.Id, again.Authority));
        Assert.DoesNotContain(text.Split('.')[2], token.ToString(), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Location, "tokens", token.Id)));
        foreach (var wrong in (string[])["", "ss1", text[..^1], text + "0", text.Replace("ss1", "ss2", StringComparison.Ordinal), text.Replace('.', ':'), new string('x', 10_000)])
            Assert.False(EnrolmentToken.TryParse(wrong, out _), wrong);
    }

    [Fact]
    public void Enrol_WithAToken_GivesACertificateForTheKeyOnce()
    {
        var token = _authority.NewToken("web-17", uses: 1, TimeSpan.FromHours(1));
        var (key, request) = Enrolment(token, "");
        var issued = _authority.Enrol(EnrolmentRequest.Decode(request.Encode()));
        Assert.Equal(("web-17", key.KeyId, token.Id), (issued.Name, issued.KeyId, issued.TokenId));
        // the answer was lost: the same again
        Assert.Equal(issued.Certificate, _authority.Enrol(request).Certificate);
        Assert.Equal(TrustFault.Expired, Refusal(() => _authority.Enrol(Enrolment(token, "").Request)));
        Assert.Single(_authority.List());
        var answer = new EnrolmentAnswer(issued.Certificate, _authority.Certificate).Encode();
        Assert.Equal(issued.Certificate, EnrolmentAnswer.Accept(answer, token, key).Certificate);
    }

    [Fact]
    public void Enrol_TokenForMany_CountsMachines()
    {
        var token = _authority.NewToken("", uses: 2, TimeSpan.FromHours(1));
        Assert.Equal("a", _authority.Enrol(Enrolment(token, "a").Request).Name);
        Assert.Equal("b", _authority.Enrol(Enrolment(token, "b").Request).Name);
        Assert.Equal(TrustFault.Expired, Refusal(() => _authority.Enrol(Enrolment(token, "c").Request)));
        var any = _authority.NewToken("", uses: null, TimeSpan.FromHours(1));
        for (var i = 0; i < 5; i++)
            _authority.Enrol(Enrolment(any, $"m{i}").Request);
        Assert.Equal(7, _authority.List().Count);
        Assert.Equal(TrustFault.Malformed, Refusal(() => _authority.Enrol(Enrolment(any, "").Request)));
    }

    /// <summary>A token's name is the authority's word: what a machine calls itself does not count beside it.</summary>
    [Fact]
    public void Enrol_TokenWithAName_TakesItAndNotTheMachines()
    {
        var token = _authority.NewToken("web-17", uses: 1, TimeSpan.FromHours(1));
        Assert.Equal("web-17", _authority.Enrol(Enrolment(token, "seed").Request).Name);
    }

    [Fact]
    public void Enrol_ExpiredRemovedOrUnknownToken_IsRefused()
    {
        var token = _authority.NewToken("", uses: 5, TimeSpan.FromHours(1));
        var removed = _authority.NewToken("", uses: 5, TimeSpan.FromHours(1));
        Assert.True(_authority.RemoveToken(removed.Id));
        Assert.False(_authority.RemoveToken(removed.Id));
        Assert.False(_authority.RemoveToken("../../etc"));
        Assert.Equal(TrustFault.NotEnoughSignatures, Refusal(() => _authority.Enrol(Enrolment(removed, "x").Request)));
        _site.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(TrustFault.Expired, Refusal(() => _authority.Enrol(Enrolment(token, "x").Request)));
    }

    /// <summary>Who stands in between can change nothing: neither the key, nor the name, nor the token that is meant.</summary>
    [Fact]
    public void Enrol_AnyBitChanged_IsRefused()
    {
        var token = _authority.NewToken("", uses: 5, TimeSpan.FromHours(1));
        var bytes = Enrolment(token, "web-17").Request.Encode();
        for (var bit = 0; bit < bytes.Length * 8; bit += 7)
        {
            var damaged = Bits.Flip(bytes, bit);
            Assert.Throws<TrustException>(() => _authority.Enrol(EnrolmentRequest.Decode(damaged)));
        }
        Assert.Empty(_authority.List());
        Assert.Throws<TrustException>(() => EnrolmentRequest.Decode(new byte[EnrolmentRequest.MaxBytes + 1]));
    }

    [Fact]
    public void Accept_AnswerOfAnotherAuthorityOrForAnotherKey_IsRefused()
    {
        using var others = SwarmAuthority.Create(_directory.At("others"), TimeSpan.FromDays(1), _site.Time);
        var token = _authority.NewToken("web-17", uses: 1, TimeSpan.FromHours(1));
        var (key, request) = Enrolment(token, "");
        var issued = _authority.Enrol(request);
        var foreign = others.Issue(new IssueRequest { SigningRequest = key.SigningRequest, Name = "x" });
        Assert.Equal(TrustFault.Mismatch, Refusal(() => EnrolmentAnswer.Accept(new EnrolmentAnswer(foreign.Certificate, others.Certificate).Encode(), token, key)));
        Assert.Equal(TrustFault.Mismatch, Refusal(() => EnrolmentAnswer.Accept(new EnrolmentAnswer(issued.Certificate, _authority.Certificate).Encode(), token, IdentityRequest.Create())));
        Assert.Equal(TrustFault.Malformed, Refusal(() => EnrolmentAnswer.Accept(new EnrolmentAnswer(new byte[10], _authority.Certificate).Encode(), token, key)));
        Assert.Equal(TrustFault.Malformed, Refusal(() => EnrolmentAnswer.Decode(new byte[EnrolmentAnswer.MaxBytes + 1])));
    }

    /// <summary>Machines without a disk enrol at every boot: short certificates, and what has ended does not pile up.</summary>
    [Fact]
    public void NewToken_ShortCertificates_AreClearedAMonthAfterTheirEnd()
    {
        var token = _authority.NewToken("", uses: null, TimeSpan.FromDays(2), TimeSpan.FromDays(1));
        var issued = _authority.Enrol(Enrolment(token, "web-17").Request);
        Assert.Equal(_site.Time.GetUtcNow().AddDays(1), issued.ExpiresAt);
        var kept = _authority.Issue(Request("seed") with { Lifetime = TimeSpan.FromDays(90) });
        _site.Time.Advance(TimeSpan.FromDays(30));
        _authority.NewToken("", uses: null, TimeSpan.FromDays(1));
        Assert.Equal(2, _authority.List().Count);
        _site.Time.Advance(TimeSpan.FromDays(3));
        _authority.NewToken("", uses: null, TimeSpan.FromDays(1));
        Assert.Equal([kept.KeyId], _authority.List().Select(one => one.KeyId));
        Assert.Equal(2, Directory.GetFiles(Path.Combine(Location, "tokens")).Length);
    }

    [Fact]
    public void Renew_KnownKey_KeepsNameAndHosts()
    {
        var key = IdentityRequest.Create();
        var first = _authority.Issue(new IssueRequest { SigningRequest = key.SigningRequest, Name = "seed", Hosts = ["seed.example", "10.0.0.1"], Lifetime = TimeSpan.FromDays(2) });
        _site.Time.Advance(TimeSpan.FromDays(1));
        var again = _authority.Renew(IdentityRequest.For(key.KeyPem).SigningRequest);
        Assert.Equal(("seed", first.KeyId, first.ExpiresAt.AddDays(1)), (again.Name, again.KeyId, again.ExpiresAt));
        using var certificate = X509CertificateLoader.LoadCertificate(again.Certificate.Span);
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Equal(["*", "seed.example"], names.EnumerateDnsNames());
        Assert.Single(names.EnumerateIPAddresses());
        Assert.Single(_authority.List());
        Assert.Equal(TrustFault.Mismatch, Refusal(() => _authority.Renew(IdentityRequest.Create().SigningRequest)));
    }

    [Fact]
    public void Enrol_WhileAnotherProcessIsAtWork_SaysSo()
    {
        var token = _authority.NewToken("", uses: 5, TimeSpan.FromHours(1));
        using var held = new FileStream(Path.Combine(Location, ".lock"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        var fault = Assert.Throws<IOException>(() => _authority.Enrol(Enrolment(token, "x").Request));
        Assert.Contains("another process is at work", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void List_DamagedFile_NamesIt()
    {
        _authority.Issue(Request("web-17"));
        var path = Directory.GetFiles(Path.Combine(Location, "issued")).Single();
        File.WriteAllText(path, "name: x\n");
        var fault = Assert.Throws<TrustException>(() => _authority.List());
        Assert.StartsWith(path, fault.Message, StringComparison.Ordinal);
    }

    private static IssueRequest Request(string name) => new() { SigningRequest = IdentityRequest.Create().SigningRequest, Name = name };

    private static (IdentityRequest Key, EnrolmentRequest Request) Enrolment(EnrolmentToken token, string name)
    {
        var key = IdentityRequest.Create();
        return (key, EnrolmentRequest.Create(token, name, key.SigningRequest));
    }
}
