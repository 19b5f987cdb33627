using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Seed.Access;
using StatelessSwarm.Seed.Hosting;
using StatelessSwarm.Seed.Tests.Releases;
using StatelessSwarm.Swarm.Identities;
using StatelessSwarm.Testing.Identities;
using StatelessSwarm.Trust.Identities;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Seed.Tests.Access;

/// <summary>A closed server: members are answered, strangers are told to show a certificate, and who has a token becomes a member.</summary>
public sealed class ClosedServerTests : IAsyncLifetime
{
    private readonly PublishedRepository _repository = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("ss-closed-").FullName;
    private SwarmAuthority _authority = null!;
    private SeedServer _server = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string AuditPath => Path.Combine(_directory, "audit.log");

    public async ValueTask InitializeAsync()
    {
        _authority = SwarmAuthority.Create(Path.Combine(_directory, "authority"), TimeSpan.FromDays(10), TimeProvider.System);
        _repository.Repository.SetAuthority(_authority.Certificate);
        await _repository.PublishAsync("1.0");
        NewIdentity("seed");
        _server = await StartAsync(options => options);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _authority.Dispose();
        _repository.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Member_GetsEverything()
    {
        using var client = Client(NewIdentity("node"));
        foreach (var path in (string[])["healthz", "metrics", "", RepositoryLayout.Root, RepositoryLayout.Channel("web", "stable")])
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(path, Cancellation)).StatusCode);
        Assert.Equal(1, _server.ReleaseCount);
    }

    [Theory]
    [InlineData("")]
    [InlineData("healthz")]
    [InlineData("metrics")]
    [InlineData("metadata/root.mp")]
    [InlineData("announce?info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=bbbbbbbbbbbbbbbbbbbb&port=1&left=1")]
    [InlineData("scrape")]
    [InlineData("nothing")]
    public async Task Stranger_GetsOneLineThatNamesNothing(string path)
    {
        using var client = Client(null);
        var answer = await client.GetAsync(path, Cancellation);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Equal("403 this swarm is closed: expected a client certificate of its authority\n", await answer.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task CertificateOfAnotherAuthority_EndsTheHandshake()
    {
        using var others = new TestAuthority();
        using var client = Client(others.NewIdentity());
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("healthz", Cancellation));
    }

    [Fact]
    public async Task Plaintext_GetsNothing()
    {
        using var client = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri($"http://127.0.0.1:{_server.HttpPort}/healthz"), Cancellation));
    }

    /// <summary>The connection that stands is of no more use than a new one.</summary>
    [Fact]
    public async Task Revoked_IsOutWithinSeconds_OnAStandingConnectionToo()
    {
        var directory = NewIdentity("node");
        using var client = Client(directory);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("healthz", Cancellation)).StatusCode);
        _repository.Repository.Revoke([KeyIdIn(directory)], [], [_repository.Key]);
        await UntilAsync(async () => await IsOutAsync(client));
        Assert.Contains(Audit(), line => line.GetProperty("event").GetString() == "revocations");
    }

    [Fact]
    public async Task Enrol_WithAToken_MakesAMemberAndIsInTheAuditLog()
    {
        var token = _authority.NewToken("web-17", uses: 1, TimeSpan.FromHours(1));
        var key = IdentityRequest.Create();
        using var stranger = Client(null);
        var answer = await PostAsync(stranger, EnrolmentEndpoint.EnrolPath, EnrolmentRequest.Create(token, "", key.SigningRequest).Encode());
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var enrolled = EnrolmentAnswer.Accept(await answer.Content.ReadAsByteArrayAsync(Cancellation), token, key);
        using var member = Client(Write("enrolled", key, enrolled.Certificate));
        Assert.Equal(HttpStatusCode.OK, (await member.GetAsync("healthz", Cancellation)).StatusCode);

        var again = await PostAsync(stranger, EnrolmentEndpoint.EnrolPath, EnrolmentRequest.Create(token, "", IdentityRequest.Create().SigningRequest).Encode());
        Assert.Equal(HttpStatusCode.Forbidden, again.StatusCode);
        var lines = Audit();
        Assert.Equal(["enrolled", "refused"], lines.Select(line => line.GetProperty("event").GetString()));
        Assert.Equal(("web-17", key.KeyId.ToString()), (lines[0].GetProperty("name").GetString(), lines[0].GetProperty("key_id").GetString()));
        Assert.DoesNotContain(token.Format().Split('.')[2], await File.ReadAllTextAsync(AuditPath, Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Enrol_RevokedKey_StaysOut()
    {
        var token = _authority.NewToken("", uses: null, TimeSpan.FromHours(1));
        var key = IdentityRequest.Create();
        var request = EnrolmentRequest.Create(token, "x", key.SigningRequest).Encode();
        using var stranger = Client(null);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(stranger, EnrolmentEndpoint.EnrolPath, request)).StatusCode);
        _repository.Repository.Revoke([key.KeyId], [], [_repository.Key]);
        await UntilAsync(async () => (await PostAsync(stranger, EnrolmentEndpoint.EnrolPath, request)).StatusCode == HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Renew_NeedsTheCertificateOfTheSameKey()
    {
        var mine = IdentityRequest.Create();
        var issued = _authority.Issue(new IssueRequest { SigningRequest = mine.SigningRequest, Name = "web-17", Lifetime = TimeSpan.FromDays(1) });
        using var member = Client(Write("mine", mine, issued.Certificate));
        var answer = await PostAsync(member, EnrolmentEndpoint.RenewPath, mine.SigningRequest.ToArray());
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var renewed = X509CertificateLoader.LoadCertificate(EnrolmentAnswer.Decode(await answer.Content.ReadAsByteArrayAsync(Cancellation)).Certificate.Span);
        // as long as the one before, from now on
        Assert.InRange((renewed.NotAfter.ToUniversalTime() - issued.ExpiresAt.UtcDateTime).TotalMinutes, -1, 10);
        // another member's key, and nobody's
        Assert.Equal(HttpStatusCode.Forbidden, (await PostAsync(member, EnrolmentEndpoint.RenewPath, IdentityRequest.Create().SigningRequest.ToArray())).StatusCode);
        using var stranger = Client(null);
        Assert.Equal(HttpStatusCode.Forbidden, (await PostAsync(stranger, EnrolmentEndpoint.RenewPath, mine.SigningRequest.ToArray())).StatusCode);
    }

    [Theory]
    [InlineData(0, HttpStatusCode.Forbidden)]
    [InlineData(100, HttpStatusCode.Forbidden)]
    [InlineData(EnrolmentRequest.MaxBytes, HttpStatusCode.Forbidden)]
    [InlineData(EnrolmentRequest.MaxBytes + 1, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(10_000_000, HttpStatusCode.RequestEntityTooLarge)]
    public async Task Enrol_AnyBody_IsBoundedAndRefused(int length, HttpStatusCode expected)
    {
        using var stranger = Client(null);
        var status = HttpStatusCode.RequestEntityTooLarge;
        try
        {
            status = (await PostAsync(stranger, EnrolmentEndpoint.EnrolPath, new byte[length])).StatusCode;
        }
        catch (HttpRequestException) when (length > EnrolmentRequest.MaxBytes)
        {
            // closed while we still sent
        }
        Assert.Equal(expected, status);
    }

    [Theory]
    [InlineData("healthz")]
    [InlineData("metadata/root.mp")]
    [InlineData("enrolx")]
    public async Task OtherWrites_AreRefusedToMembersToo(string path)
    {
        using var client = Client(NewIdentity("node"));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await PostAsync(client, "/" + path, [1])).StatusCode);
    }

    [Fact]
    public async Task Enrol_TooOften_IsRefusedWithRetryAfter()
    {
        await using var small = await StartAsync(options => options with { Clients = new ClientLimits { EnrolmentBurst = 2, EnrolmentsPerSecond = 1 } });
        using var stranger = Client(null, small);
        var codes = new List<HttpStatusCode>();
        for (var i = 0; i < 4; i++)
            codes.Add((await PostAsync(stranger, EnrolmentEndpoint.EnrolPath, [])).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, codes[0]);
        Assert.Contains(HttpStatusCode.TooManyRequests, codes);
    }

    [Fact]
    public async Task Start_AuthorityOfAnotherSwarm_SaysSo()
    {
        using var others = SwarmAuthority.Create(Path.Combine(_directory, "others"), TimeSpan.FromDays(1), TimeProvider.System);
        var fault = await Assert.ThrowsAsync<IOException>(() => StartAsync(options => options with { AuthorityDirectory = Path.Combine(_directory, "others") }));
        Assert.Contains("which the server's identity is of", fault.Message, StringComparison.Ordinal);
        fault = await Assert.ThrowsAsync<IOException>(() => StartAsync(options => options with { IdentityDirectory = null }));
        Assert.Contains("--identity", fault.Message, StringComparison.Ordinal);
    }

    private Task<SeedServer> StartAsync(Func<SeedOptions, SeedOptions> change) =>
        SeedServer.StartAsync(
            change(
                new SeedOptions
                {
                    RepositoryDirectory = _repository.Directory,
                    ListenAddresses = [IPAddress.Loopback],
                    HttpPort = 0,
                    PeerPort = 0,
                    UseMulticastDns = false,
                    IdentityDirectory = Path.Combine(_directory, "seed"),
                    AuthorityDirectory = Path.Combine(_directory, "authority"),
                    AuditPath = AuditPath,
                }
            ),
            TimeProvider.System,
            NullLoggerFactory.Instance,
            Cancellation
        );

    private JsonElement[] Audit() => [.. File.ReadAllLines(AuditPath).Select(line => JsonDocument.Parse(line).RootElement)];

    private string NewIdentity(string name)
    {
        var key = IdentityRequest.Create();
        return Write(name, key, _authority.Issue(new IssueRequest { SigningRequest = key.SigningRequest, Name = name, Hosts = ["127.0.0.1"] }).Certificate);
    }

    private string Write(string name, IdentityRequest key, ReadOnlyMemory<byte> certificate)
    {
        var directory = Path.Combine(_directory, name);
        Directory.CreateDirectory(directory);
        using var own = X509CertificateLoader.LoadCertificate(certificate.Span);
        using var authority = X509CertificateLoader.LoadCertificate(_authority.Certificate.Span);
        File.WriteAllText(Path.Combine(directory, SwarmIdentity.AuthorityFile), authority.ExportCertificatePem());
        File.WriteAllText(Path.Combine(directory, SwarmIdentity.CertificateFile), own.ExportCertificatePem());
        File.WriteAllText(Path.Combine(directory, SwarmIdentity.KeyFile), key.KeyPem);
        return directory;
    }

    private static Sha256Digest KeyIdIn(string directory)
    {
        using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(directory, SwarmIdentity.CertificateFile)));
        return SwarmIdentity.KeyIdOf(certificate);
    }

    /// <summary>A client with the certificate of a directory, or with none; it believes every server.</summary>
    private HttpClient Client(string? directory, SeedServer? server = null)
    {
        var handler = new SocketsHttpHandler { UseProxy = false };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null;
        handler.SslOptions.EnabledSslProtocols = SslProtocols.Tls13;
        if (directory is not null)
        {
            using var pair = X509Certificate2.CreateFromPemFile(Path.Combine(directory, SwarmIdentity.CertificateFile), Path.Combine(directory, SwarmIdentity.KeyFile));
            var certificate = X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), null);
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        }
        return new HttpClient(handler) { BaseAddress = new Uri($"https://127.0.0.1:{(server ?? _server).HttpPort}/") };
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient client, string path, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        return await client.PostAsync(path, content, Cancellation);
    }

    private static async Task<bool> IsOutAsync(HttpClient client)
    {
        try
        {
            return (await client.GetAsync("healthz", Cancellation)).StatusCode == HttpStatusCode.Forbidden;
        }
        catch (HttpRequestException)
        {
            return true;
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        while (!await holds())
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, limit.Token);
    }
}
