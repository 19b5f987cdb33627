using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Swarm.Encryption;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Swarm.Identities;
using StatelessSwarm.Testing.Identities;
using StatelessSwarm.Testing.Logging;
using StatelessSwarm.Testing.Torrents;
using static StatelessSwarm.Swarm.Tests.Support.TestHosts;

namespace StatelessSwarm.Swarm.Tests.Identities;

/// <summary>Closed swarms over loopback sockets: members exchange everything, strangers get not one byte that says anything.</summary>
public sealed class ClosedSwarmTests : IDisposable
{
    private const int KiB = 1024;

    private readonly TestAuthority _authority = new();
    private readonly List<SwarmIdentity> _identities = [];

    public void Dispose()
    {
        _identities.ForEach(identity => identity.Dispose());
        _authority.Dispose();
    }

    [Theory]
    [InlineData(TorrentKind.V1)]
    [InlineData(TorrentKind.V2)]
    [InlineData(TorrentKind.Hybrid)]
    public async Task Members_ExchangeTheTorrent(TorrentKind kind)
    {
        using var sample = await ClosedAsync(kind, 1_000_000, 0, 65_536, 5);
        await using var seed = await SeedAsync(sample, NewIdentity());
        await using var middle = await StartAsync(NewIdentity());
        await using var last = await StartAsync(NewIdentity("sample"));
        var middleSession = await AddAsync(middle, sample, "middle");
        var lastSession = await AddAsync(last, sample, "last");
        lastSession.AddPeer(EndPointOf(middle), PeerSource.Manual);
        middleSession.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await Task.WhenAll(middleSession.Completion, lastSession.Completion).WaitAsync(Patience);
        Assert.True(sample.IsIdentical("middle"));
        Assert.True(sample.IsIdentical("last"));
        Assert.Equal(0, middleSession.Status.WastedBytes);
    }

    [Fact]
    public async Task Add_ClosedTorrentWithoutIdentity_SaysWhatIsMissing()
    {
        using var sample = await ClosedAsync(TorrentKind.Hybrid, 1000);
        await using var host = await Support.TestHosts.StartAsync();
        var fault = await Assert.ThrowsAsync<IdentityException>(() => AddAsync(host, sample, "node"));
        Assert.Contains("expected an identity of the authority", fault.Message, StringComparison.Ordinal);
        using var others = new TestAuthority();
        using var foreign = SwarmIdentity.Open(others.NewIdentity(), TimeProvider.System);
        await using var stranger = await StartAsync(foreign);
        fault = await Assert.ThrowsAsync<IdentityException>(() => AddAsync(stranger, sample, "node"));
        Assert.Contains("of another one", fault.Message, StringComparison.Ordinal);
    }

    /// <summary>What a stranger may try, and that nothing comes back: neither a handshake, nor a file, nor a word.</summary>
    [Fact]
    public async Task Strangers_InPlaintext_GetNoByte()
    {
        using var sample = await ClosedAsync(TorrentKind.Hybrid, 100_000);
        await using var seed = await SeedAsync(sample, NewIdentity(), fileAt: _ => "a secret"u8.ToArray());
        foreach (var hash in sample.Metainfo.Info.WireHashes)
        {
            var hello = new byte[Handshake.Size];
            new Handshake(hash, PeerId.Create(new byte[12]), true, true, true).Write(hello);
            Assert.Empty(await AskAsync(seed, hello));
        }
        Assert.Empty(await AskAsync(seed, "GET /metadata/root.mp HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray()));
        Assert.Empty(await AskAsync(seed, new byte[200]));
    }

    /// <summary>A client that speaks MSE and knows the info hash: the torrent is none that it can name.</summary>
    [Fact]
    public async Task Strangers_UnderMse_GetNothing()
    {
        using var sample = await ClosedAsync(TorrentKind.Hybrid, 100_000);
        await using var seed = await SeedAsync(sample, NewIdentity());
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(EndPointOf(seed));
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        var exchange = await MseHandshaker.InitiateAsync(socket, sample.Metainfo.Info.V1Hash!.Value, MseMethods.Rc4, [], limit.Token);
        Assert.Null(exchange);
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("another authority")]
    [InlineData("expired")]
    [InlineData("another torrent")]
    [InlineData("revoked")]
    [InlineData("signed by a member")]
    public async Task Strangers_InTls_GetNothingOfTheTorrent(string who)
    {
        using var sample = await ClosedAsync(TorrentKind.Hybrid, 100_000);
        var ours = NewIdentity();
        await using var seed = await SeedAsync(sample, ours);
        using var others = new TestAuthority();
        var directory = who switch
        {
            "nobody" => null,
            "another authority" => others.NewIdentity(),
            "expired" => _authority.NewIdentity(beginsInDays: -3, endsInDays: -1),
            "another torrent" => _authority.NewIdentity("other"),
            "signed by a member" => _authority.NewIdentityBy(_authority.NewIdentity()),
            _ => _authority.NewIdentity(),
        };
        if (who == "revoked")
            ours.Revoke(new HashSet<Sha256Digest> { KeyIdIn(directory!) });
        Assert.Empty(await AskInTlsAsync(seed, sample, directory));
        // the same in a certificate that is one
        Assert.NotEmpty(await AskInTlsAsync(seed, sample, _authority.NewIdentity()));
    }

    /// <summary>Who serves has to be a member as well: a stranger that answers for the torrent is told nothing but a TLS greeting.</summary>
    [Fact]
    public async Task Download_SeedOfAnotherAuthority_IsNotSpokenTo()
    {
        using var others = new TestAuthority();
        using var sample = await ClosedAsync(TorrentKind.Hybrid, 100_000);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var node = await StartAsync(NewIdentity());
        var session = await AddAsync(node, sample, "node");
        session.AddPeer((IPEndPoint)listener.LocalEndpoint, PeerSource.Manual);
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        using var socket = await listener.AcceptSocketAsync(limit.Token);
        await using var tls = new SslStream(new NetworkStream(socket));
        using var certificate = Load(others.NewIdentity());
        var heard = await Record.ExceptionAsync(async () =>
        {
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, limit.Token);
            Assert.Equal(0, await tls.ReadAsync(new byte[68], limit.Token));
        });
        Assert.True(heard is null or IOException or AuthenticationException, $"{heard}");
        Assert.Equal(0, session.Status.Peers);
    }

    [Fact]
    public async Task Revoked_WhileConnected_IsPutOutAndStaysOut()
    {
        using var sample = await ClosedAsync(TorrentKind.Hybrid, 4_000_000);
        var ours = NewIdentity();
        var directory = _authority.NewIdentity();
        using var theirs = SwarmIdentity.Open(directory, TimeProvider.System);
        using var log = new RecordingLoggers();
        await using var seed = await SeedAsync(sample, ours, uploadBytesPerSecond: 100_000, log);
        await using var node = await StartAsync(theirs);
        var session = await AddAsync(node, sample, "node");
        session.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await UntilAsync(() => session.Status.ReceivedLanBytes > 0, "the node gets blocks");
        ours.Revoke(new HashSet<Sha256Digest> { theirs.KeyId });
        await UntilAsync(() => session.Status.Peers == 0 && seed.Torrents[0].Status.Peers == 0, "the node is put out");
        Assert.Contains(log.Lines, line => line.Contains("its certificate has been revoked", StringComparison.Ordinal));
        Assert.Empty(await AskInTlsAsync(seed, sample, directory));
        Assert.False(session.Completion.IsCompleted);
    }

    [Fact]
    public async Task Files_InTls_AreForMembersOfEverything()
    {
        using var sample = await ClosedAsync(TorrentKind.Hybrid, 1000);
        await using var seed = await SeedAsync(sample, NewIdentity(), fileAt: path => path == "a/b" ? "content"u8.ToArray() : null);
        var request = "GET /a/b HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray();
        Assert.EndsWith("content", Encoding.ASCII.GetString(await TalkInTlsAsync(seed, "00", _authority.NewIdentity(), request)), StringComparison.Ordinal);
        Assert.Empty(await TalkInTlsAsync(seed, "00", _authority.NewIdentity("sample"), request));
        Assert.Empty(await TalkInTlsAsync(seed, "00", null, request));
    }

    [Fact]
    public async Task OpenTorrent_BesideAClosedOne_GoesOnInPlaintext()
    {
        using var closed = await ClosedAsync(TorrentKind.Hybrid, 1000);
        using var open = await SampleTorrent.CreateAsync(16 * KiB, 100_000);
        await using var seed = await SeedAsync(closed, NewIdentity());
        await seed.AddAsync(new TorrentAddOptions { Metainfo = open.Metainfo, FilePaths = open.Paths, IsSeed = true }, CancellationToken.None);
        await using var node = await Support.TestHosts.StartAsync();
        var session = await AddAsync(node, open, "node");
        session.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
        Assert.True(open.IsIdentical("node"));
        // and a member does not get it over TLS: it is another torrent there
        Assert.Empty(await AskInTlsAsync(seed, open, _authority.NewIdentity()));
    }

    private SwarmIdentity NewIdentity(string torrent = "*")
    {
        var identity = SwarmIdentity.Open(_authority.NewIdentity(torrent), TimeProvider.System);
        _identities.Add(identity);
        return identity;
    }

    private Task<SampleTorrent> ClosedAsync(TorrentKind kind, params int[] lengths) =>
        SampleTorrent.CreateAsync(
            new TorrentBuildOptions { Name = "sample", Kind = kind, PieceLength = 64 * KiB, Authority = _authority.Pem },
            lengths
        );

    private static Task<SwarmHost> StartAsync(SwarmIdentity identity, Func<string, byte[]?>? fileAt = null, long uploadBytesPerSecond = 0, RecordingLoggers? log = null) =>
        Support.TestHosts.StartAsync(uploadBytesPerSecond, loggers: log, identity: identity, fileAt: fileAt);

    private static async Task<SwarmHost> SeedAsync(SampleTorrent sample, SwarmIdentity identity, long uploadBytesPerSecond = 0, RecordingLoggers? log = null, Func<string, byte[]?>? fileAt = null)
    {
        var host = await StartAsync(identity, fileAt, uploadBytesPerSecond, log);
        await host.AddAsync(new TorrentAddOptions { Metainfo = sample.Metainfo, FilePaths = sample.Paths, IsSeed = true }, CancellationToken.None);
        return host;
    }

    /// <summary>Sends bytes, says that nothing follows, and reads until the host closes.</summary>
    private static async Task<byte[]> AskAsync(SwarmHost host, byte[] bytes)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(EndPointOf(host));
        await using var stream = new NetworkStream(socket);
        await socket.SendAsync(bytes);
        socket.Shutdown(SocketShutdown.Send);
        return await ReadToEndAsync(stream);
    }

    /// <summary>A whole BitTorrent handshake in TLS; what is answered to it.</summary>
    private static Task<byte[]> AskInTlsAsync(SwarmHost host, SampleTorrent sample, string? directory)
    {
        var hello = new byte[Handshake.Size];
        new Handshake(sample.Metainfo.Info.WireHashes[0], PeerId.Create(new byte[12]), true, true, true).Write(hello);
        return TalkInTlsAsync(host, sample.Metainfo.Info.WireHashes[^1].ToString(), directory, hello);
    }

    private static async Task<byte[]> TalkInTlsAsync(SwarmHost host, string name, string? directory, byte[] bytes)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(EndPointOf(host));
        await using var tls = new SslStream(new NetworkStream(socket));
        using var certificate = directory is null ? null : Load(directory);
        try
        {
            var options = new SslClientAuthenticationOptions
            {
                TargetHost = name,
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null,
                LocalCertificateSelectionCallback = certificate is null ? null : (_, _, _, _, _) => certificate,
            };
            await tls.AuthenticateAsClientAsync(options);
            await tls.WriteAsync(bytes);
            // the far end of a closed torrent's handshake waits for more: what there is by now is the answer
            var answer = new byte[256];
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
            return answer[..await tls.ReadAsync(answer, limit.Token)];
        }
        catch (Exception fault) when (fault is IOException or AuthenticationException)
        {
            return [];
        }
    }

    private static async Task<byte[]> ReadToEndAsync(Stream stream)
    {
        using var all = new MemoryStream();
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        try
        {
            await stream.CopyToAsync(all, limit.Token);
        }
        catch (IOException)
        {
            // closed with bytes of ours unread
        }
        return all.ToArray();
    }

    private static X509Certificate2 Load(string directory)
    {
        using var pair = X509Certificate2.CreateFromPemFile(Path.Combine(directory, SwarmIdentity.CertificateFile), Path.Combine(directory, SwarmIdentity.KeyFile));
        return X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), null);
    }

    private static Sha256Digest KeyIdIn(string directory)
    {
        using var certificate = Load(directory);
        return SwarmIdentity.KeyIdOf(certificate);
    }
}
