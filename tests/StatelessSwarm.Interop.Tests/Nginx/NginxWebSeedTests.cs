using System.Net;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Testing.Logging;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Interop.Tests.Nginx;

/// <summary>Whole downloads from nginx as a web seed (BEP 19), with nobody else to download from.</summary>
public sealed class NginxWebSeedTests : IDisposable
{
    private const int KiB = 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly RecordingLoggers _log = new();

    public void Dispose() => _log.Dispose();

    [Theory]
    [InlineData(256 * KiB, new[] { 20_000_000 })]
    [InlineData(64 * KiB, new[] { 1_000_001, 0, 5, 16_384, 65_536, 3_000_000 })]
    public async Task Download_HybridTorrent_SameBytesByRangesOnly(int pieceLength, int[] lengths)
    {
        using var sample = await SampleTorrent.CreateAsync(pieceLength, lengths);
        await using var nginx = await NginxServer.StartAsync(RootOf(sample));
        await using var host = await StartAsync();
        var session = await AddAsync(host, sample, nginx.Url);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("ours"));
        Assert.Equal(sample.Metainfo.Info.ContentBytes, session.Status.ReceivedHttpBytes);
        Assert.Equal(0, session.Status.WastedBytes);
        Assert.DoesNotContain(_log.Lines, line => line.Contains("paused", StringComparison.Ordinal));
        Assert.All(nginx.AccessLog, line => Assert.EndsWith(" 206", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Download_SingleFileTorrent_ByTheFilesUrl()
    {
        using var sample = await SampleTorrent.CreateNamedAsync("an image.bin", 64 * KiB, ("an image.bin", 5_000_000));
        await using var nginx = await NginxServer.StartAsync(Path.Combine(sample.Directory, "source"));
        await using var host = await StartAsync();
        var session = await AddAsync(host, sample, new Uri(nginx.Url, "an%20image.bin"));
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("ours"));
    }

    [Fact]
    public async Task Interrupted_AndStartedAgain_FetchesOnlyTheRest()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 20_000_000);
        await using var nginx = await NginxServer.StartAsync(RootOf(sample), "limit_rate 1m;");
        await using (var host = await StartAsync())
        {
            var session = await AddAsync(host, sample, nginx.Url);
            await UntilAsync(() => session.Status.VerifiedBytes > 2_000_000);
        }
        await using var again = await StartAsync();
        var resumed = await AddAsync(again, sample, nginx.Url);
        await resumed.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("ours"));
        Assert.True(resumed.Status.DiskBytes >= 2_000_000);
        Assert.Equal(sample.Metainfo.Info.ContentBytes, resumed.Status.DiskBytes + resumed.Status.ReceivedHttpBytes);
    }

    [Fact]
    public async Task Restarted_InTheMiddle_DownloadGoesOn()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 20_000_000);
        await using var nginx = await NginxServer.StartAsync(RootOf(sample), "limit_rate 1m;");
        await using var host = await StartAsync();
        var session = await AddAsync(host, sample, nginx.Url);
        await UntilAsync(() => session.Status.VerifiedBytes > 2_000_000);
        await nginx.KillAsync();
        await UntilAsync(() => _log.Lines.Any(line => line.Contains("paused", StringComparison.Ordinal)));
        Assert.False(session.Completion.IsCompleted);
        await nginx.RestartAsync();
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("ours"));
        // what had come is not fetched again; of what was on its way, at most a block per transfer is
        Assert.InRange(session.Status.WastedBytes, 0, 1_000_000);
        Assert.Equal(sample.Metainfo.Info.ContentBytes + session.Status.WastedBytes, session.Status.ReceivedHttpBytes);
    }

    [Fact]
    public async Task RangesOff_LargeFile_IsGivenUpAfterLittle_AndSaysWhy()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 30_000_000);
        await using var nginx = await NginxServer.StartAsync(RootOf(sample), "max_ranges 0;");
        await using var host = await StartAsync();
        var session = await AddAsync(host, sample, nginx.Url);
        await UntilAsync(() =>
            _log.Lines.Any(line => line.Contains("not used any more: it ignores ranges", StringComparison.Ordinal))
        );
        Assert.False(session.Completion.IsCompleted);
    }

    [Fact]
    public async Task RangesOff_SmallFile_IsDownloaded()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 900_000);
        await using var nginx = await NginxServer.StartAsync(RootOf(sample), "max_ranges 0;");
        await using var host = await StartAsync();
        var session = await AddAsync(host, sample, nginx.Url);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("ours"));
        Assert.All(nginx.AccessLog, line => Assert.EndsWith(" 200", line, StringComparison.Ordinal));
    }

    /// <summary>Parts of the file are here: ranges that begin and end anywhere bring the rest.</summary>
    [Theory]
    [InlineData(5_000)]
    [InlineData(300_000)]
    public async Task Download_PartsAreHere_OnlyTheRestComes(int longest)
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 5_000_001, 100_000);
        await using var nginx = await NginxServer.StartAsync(RootOf(sample));
        await using var host = await StartAsync();
        var parts = new KnownParts(sample, "ours", seed: 2, longest);
        var session = await AddAsync(host, sample, nginx.Url, parts);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("ours"));
        var status = session.Status;
        Assert.Equal(sample.Metainfo.Info.ContentBytes, status.DiskBytes + status.ReceivedHttpBytes);
        Assert.Equal(0, status.WastedBytes);
    }

    /// <summary>A directory in which the files lie under the torrent's name.</summary>
    private static string RootOf(SampleTorrent sample)
    {
        var root = Directory.CreateDirectory(Path.Combine(sample.Directory, "www")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(root, sample.Metainfo.Info.Name), Path.Combine(sample.Directory, "source"));
        return root;
    }

    private async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        while (!condition())
        {
            if (limit.IsCancellationRequested)
                Assert.Fail($"it did not come about; log:\n{string.Join('\n', _log.Lines)}");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }

    private Task<SwarmHost> StartAsync() =>
        SwarmHost.StartAsync(
            new SwarmOptions { ListenAddresses = [IPAddress.Loopback], Port = 0 },
            TimeProvider.System,
            _log,
            CancellationToken.None
        );

    private static Task<TorrentSession> AddAsync(SwarmHost host, SampleTorrent sample, Uri webSeed, KnownParts? parts = null) =>
        host.AddAsync(
            new TorrentAddOptions
            {
                Metainfo = sample.Metainfo,
                FilePaths = sample.PathsIn("ours"),
                JournalPath = Path.Combine(sample.Directory, "resume"),
                WebSeeds = [webSeed],
                FindKnown = parts is null ? null : parts.FindAsync,
            },
            CancellationToken.None
        );
}
