using System.Net;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Swarm.Magnets;
using StatelessSwarm.Testing.Logging;
using StatelessSwarm.Testing.Networks;
using StatelessSwarm.Testing.Torrents;
using static StatelessSwarm.Interop.Tests.Libtorrent.LibtorrentSwarmTests;

namespace StatelessSwarm.Interop.Tests.Libtorrent;

/// <summary>Magnet links and peer exchange with libtorrent-rasterbar, each way, and neither side's log holds a complaint.</summary>
public sealed class LibtorrentExtensionTests
{
    private const int KiB = 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    // The kind of torrent, and which of its hashes the link names. 641 pieces of 16 KiB need two ranges of hashes with their proofs.
    public static TheoryData<TorrentKind, bool, bool> Links =>
        new()
        {
            { TorrentKind.Hybrid, true, true },
            { TorrentKind.Hybrid, true, false },
            { TorrentKind.Hybrid, false, true },
            { TorrentKind.V2, false, true },
            { TorrentKind.V1, true, false },
        };

    [Theory]
    [MemberData(nameof(Links))]
    public async Task LibtorrentSeeds_WeHaveTheMagnetLink_SameBytes(TorrentKind kind, bool namesV1, bool namesV2)
    {
        using var sample = await CreateAsync(kind);
        var port = FreePort.Take();
        await using var theirs = StartLibtorrent(TorrentFile(sample), SourceParent(sample), port, "--seed");
        await theirs.WaitForAsync("seeding", Patience);
        using var log = new RecordingLoggers();
        await using var ours = await StartAsync(log);
        var peer = new IPEndPoint(IPAddress.Loopback, port);
        var found = await ours.ResolveAsync(
                new MagnetOptions { Link = LinkTo(sample, namesV1, namesV2), Peers = [peer] },
                CancellationToken.None
            )
            .WaitAsync(Patience);
        Assert.Equal(sample.MetainfoBytes, found.Metainfo.Encode());
        var session = await ours.AddAsync(
            new TorrentAddOptions { Metainfo = found.Metainfo, FilePaths = sample.PathsIn("ours") },
            CancellationToken.None
        );
        session.AddPeer(peer, PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("ours"));
        AssertNoComplaints(theirs, log);
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task WeSeed_LibtorrentHasTheMagnetLink_SameBytes(TorrentKind kind, bool namesV1, bool namesV2)
    {
        using var sample = await CreateAsync(kind);
        using var log = new RecordingLoggers();
        await using var ours = await StartAsync(log);
        await AddAsync(ours, sample, "source", isSeed: true);
        var target = Directory.CreateDirectory(Path.Combine(sample.Directory, "theirs")).FullName;
        await using var theirs = StartLibtorrent(
            LinkTo(sample, namesV1, namesV2).ToString(),
            target,
            FreePort.Take(),
            "--peer",
            $"127.0.0.1:{ours.Port}"
        );
        try
        {
            await theirs.WaitForAsync("seeding after", Patience);
        }
        catch (TimeoutException fault)
        {
            Assert.Fail($"{fault.Message}\nour log:\n{string.Join('\n', log.Lines)}");
        }
        Assert.True(sample.IsIdentical(Path.Combine("theirs", sample.Metainfo.Info.Name)));
        AssertNoComplaints(theirs, log);
    }

    /// <summary>
    /// Goal: libtorrent, which knows our seed only, is told of our third node by it. Method: the third is complete as well, and so
    /// connects to nobody it was not named; both send slowly, so that libtorrent is not done before it has heard.
    /// </summary>
    [Fact]
    public async Task WeTell_LibtorrentOfAThirdNode_ItConnects()
    {
        using var sample = await CreateAsync(TorrentKind.Hybrid);
        using var log = new RecordingLoggers();
        await using var seed = await StartAsync(log, uploadBytesPerSecond: 512 * KiB);
        await AddAsync(seed, sample, "source", isSeed: true);
        await using var third = await StartAsync(log, uploadBytesPerSecond: 512 * KiB);
        var session = await AddAsync(third, sample, "source", isSeed: true);
        session.AddPeer(new IPEndPoint(IPAddress.Loopback, seed.Port), PeerSource.Manual);
        var target = Directory.CreateDirectory(Path.Combine(sample.Directory, "theirs")).FullName;
        await using var theirs = StartLibtorrent(TorrentFile(sample), target, FreePort.Take(), Meeting(seed.Port));
        await theirs.WaitForAsync($"connected to 127.0.0.1:{third.Port}", Patience);
        await theirs.WaitForAsync("seeding after", Patience);
        AssertNoComplaints(theirs, log);
    }

    /// <summary>The reverse: two nodes of ours know libtorrent only, which seeds slowly, and meet through it.</summary>
    [Fact]
    public async Task LibtorrentTells_OurNodesOfEachOther_TheyConnect()
    {
        using var sample = await CreateAsync(TorrentKind.Hybrid);
        var port = FreePort.Take();
        await using var theirs = StartLibtorrent(
            TorrentFile(sample),
            SourceParent(sample),
            port,
            ["--seed", "--set", $"upload_rate_limit={48 * KiB}", .. Meeting(null)]
        );
        await theirs.WaitForAsync("seeding", Patience);
        using var log = new RecordingLoggers();
        await using var one = await StartAsync(log);
        await using var other = await StartAsync(log);
        var sessions = new[] { await AddAsync(one, sample, "one", isSeed: false), await AddAsync(other, sample, "other", isSeed: false) };
        foreach (var session in sessions)
            session.AddPeer(new IPEndPoint(IPAddress.Loopback, port), PeerSource.Manual);
        // libtorrent looks for changes once a minute.
        using var limit = new CancellationTokenSource(2 * Patience, TimeProvider.System);
        while (sessions.Any(session => session.Status.Peers < 2))
        {
            if (limit.IsCancellationRequested)
                Assert.Fail($"{theirs.Written}\nour log:\n{string.Join('\n', log.Lines)}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }
        AssertNoComplaints(theirs, log);
    }

    /// <summary>Every peer here has one address, which libtorrent takes for one peer unless told otherwise.</summary>
    private static string[] Meeting(int? port) =>
        [
            "--connections",
            "--set",
            "allow_multiple_connections_per_ip=true",
            "--set",
            "enable_lsd=false",
            .. port is null ? Array.Empty<string>() : ["--peer", $"127.0.0.1:{port}"],
        ];

    private static Task<SampleTorrent> CreateAsync(TorrentKind kind) =>
        SampleTorrent.CreateAsync(new TorrentBuildOptions { Name = "sample", PieceLength = 16 * KiB, Kind = kind }, 10_500_000, 5, 300_000);

    private static MagnetLink LinkTo(SampleTorrent sample, bool namesV1, bool namesV2) =>
        new()
        {
            V1Hash = namesV1 ? sample.Metainfo.Info.V1Hash : null,
            V2Hash = namesV2 ? sample.Metainfo.Info.V2Hash : null,
        };

    private static string TorrentFile(SampleTorrent sample)
    {
        var torrent = Path.Combine(sample.Directory, "sample.torrent");
        File.WriteAllBytes(torrent, sample.MetainfoBytes);
        return torrent;
    }

    private static Task<TorrentSession> AddAsync(SwarmHost host, SampleTorrent sample, string name, bool isSeed) =>
        host.AddAsync(
            new TorrentAddOptions { Metainfo = sample.Metainfo, FilePaths = sample.PathsIn(name), IsSeed = isSeed },
            CancellationToken.None
        );
}
