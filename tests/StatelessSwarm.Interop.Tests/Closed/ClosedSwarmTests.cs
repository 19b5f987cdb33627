using System.Globalization;
using System.Net;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Interop.Tests.Clients;
using StatelessSwarm.Interop.Tests.Libtorrent;
using StatelessSwarm.Swarm.Identities;
using StatelessSwarm.Testing.Identities;
using StatelessSwarm.Testing.Processes;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Interop.Tests.Closed;

/// <summary>Closed swarms with libtorrent's SSL torrents: both ways, every kind of torrent, whoever connects.</summary>
public sealed class ClosedSwarmTests : IAsyncLifetime
{
    private const int KiB = 1024;
    private static readonly int[] Lengths = [1_000_001, 0, 5, 16_384, 300_000];

    private readonly TestAuthority _authority = new();
    private string _parameters = "";

    public async ValueTask InitializeAsync()
    {
        // libtorrent wants Diffie-Hellman parameters, whatever TLS 1.3 makes of them: one of the groups of RFC 7919
        _parameters = Path.Combine(_authority.Directory, "dh.pem");
        var (code, output) = await LineProcess.RunAsync(PeerProgram.Patience, "openssl", ["genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048", "-out", _parameters]);
        Assert.True(code == 0, output);
    }

    public ValueTask DisposeAsync()
    {
        _authority.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(TorrentKind.V1)]
    [InlineData(TorrentKind.V2)]
    [InlineData(TorrentKind.Hybrid)]
    public async Task WeSeed_LibtorrentDownloads_SameBytes(TorrentKind kind)
    {
        using var sample = await CreateAsync(kind);
        await using var ours = await OurPeer.StartClosedAsync(sample, isSeed: true, Identity());
        await using var theirs = Start(sample, isSeed: false);
        await theirs.WaitUntilReadyAsync();
        ours.Connect(theirs);
        await ours.WaitUntilCompleteAsync(theirs);
        Assert.True(theirs.HasContent);
        Complaints.AssertNone(ours, theirs);
    }

    [Theory]
    [InlineData(TorrentKind.V1)]
    [InlineData(TorrentKind.V2)]
    [InlineData(TorrentKind.Hybrid)]
    public async Task LibtorrentSeeds_WeDownload_SameBytes(TorrentKind kind)
    {
        using var sample = await CreateAsync(kind);
        await using var theirs = Start(sample, isSeed: true);
        await theirs.WaitUntilReadyAsync();
        await using var ours = await OurPeer.StartClosedAsync(sample, isSeed: false, Identity());
        ours.Connect(theirs);
        await ours.WaitUntilCompleteAsync([theirs]);
        Assert.True(ours.HasContent);
        Assert.Equal(0, ours.Session.Status.WastedBytes);
        Complaints.AssertNone(ours, theirs);
    }

    /// <summary>libtorrent connects to us: it names the torrent in the TLS greeting, and takes our certificate.</summary>
    [Theory]
    [InlineData(TorrentKind.V1)]
    [InlineData(TorrentKind.Hybrid)]
    public async Task LibtorrentConnects_SameBytes(TorrentKind kind)
    {
        using var sample = await CreateAsync(kind);
        await using var ours = await OurPeer.StartClosedAsync(sample, isSeed: true, Identity());
        await using var theirs = Start(sample, isSeed: false, ours.EndPoint);
        await ours.WaitUntilCompleteAsync(theirs);
        Assert.True(theirs.HasContent);
        Complaints.AssertNone(ours, theirs);
    }

    /// <summary>libtorrent without a certificate of the authority gets nothing from us.</summary>
    [Fact]
    public async Task LibtorrentOfAnotherAuthority_GetsNothing()
    {
        using var others = new TestAuthority();
        using var sample = await CreateAsync(TorrentKind.Hybrid);
        await using var ours = await OurPeer.StartClosedAsync(sample, isSeed: true, Identity());
        await using var stranger = Start(sample, isSeed: false, ours.EndPoint, others.NewIdentity());
        await using var member = Start(sample, isSeed: false, ours.EndPoint);
        await ours.WaitUntilCompleteAsync(member);
        Assert.True(member.HasContent);
        Assert.False(stranger.HasContent);
        Assert.Equal(1, ours.Session.Status.Peers);
    }

    private SwarmIdentity Identity() => SwarmIdentity.Open(_authority.NewIdentity(), TimeProvider.System);

    private LibtorrentClient Start(SampleTorrent sample, bool isSeed, IPEndPoint? peer = null, string? identity = null)
    {
        identity ??= _authority.NewIdentity();
        File.Copy(_parameters, Path.Combine(identity, "dh.pem"));
        return new LibtorrentClient(
            new PeerProgramOptions
            {
                Sample = sample,
                Name = string.Create(CultureInfo.InvariantCulture, $"theirs{Path.GetFileName(identity)}"),
                IsSeed = isSeed,
                IdentityDirectory = identity,
                Peers = peer is null ? [] : [peer],
            }
        );
    }

    private Task<SampleTorrent> CreateAsync(TorrentKind kind) =>
        SampleTorrent.CreateAsync(
            new TorrentBuildOptions { Name = "sample", Kind = kind, PieceLength = 64 * KiB, Authority = _authority.Pem },
            Lengths
        );
}
