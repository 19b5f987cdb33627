using System.Net;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Testing.Logging;
using StatelessSwarm.Testing.Processes;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Interop.Tests.Opentracker;

/// <summary>Two of ours that know nothing but an opentracker, over HTTP and over UDP.</summary>
public sealed class OpentrackerTests
{
    private const int KiB = 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly string Stateless = BuiltProgram.PathOf("StatelessSwarm.Cli", "stateless");

    [Theory]
    [InlineData("http")]
    [InlineData("udp")]
    public async Task TwoHosts_OneTracker_FindEachOther(string scheme)
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 2_000_000);
        await using var tracker = await OpentrackerProgram.StartAsync([.. sample.Metainfo.Info.WireHashes]);
        using var log = new RecordingLoggers();
        await using var first = await StartAsync(log);
        await using var second = await StartAsync(log);
        await AddAsync(first, sample, tracker, scheme, "source", isSeed: true);
        var download = await AddAsync(second, sample, tracker, scheme, "ours", isSeed: false);
        await download.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("ours"));
        Assert.DoesNotContain(log.Lines, line => line.Contains("tracker 127.0.0.1", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http")]
    [InlineData("udp")]
    public async Task UnlistedSwarm_IsRefusedAndTheNextTierAsked(string scheme)
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 500_000);
        await using var strict = await OpentrackerProgram.StartAsync();
        await using var tracker = await OpentrackerProgram.StartAsync(sample.Metainfo.Info.V1Hash!.Value);
        using var log = new RecordingLoggers();
        await using var first = await StartAsync(log);
        await using var second = await StartAsync(log);
        await AddAsync(first, sample, tracker, scheme, "source", isSeed: true);
        var download = await second.AddAsync(
            new TorrentAddOptions
            {
                Metainfo = sample.Metainfo,
                FilePaths = sample.PathsIn("ours"),
                Trackers = [[UrlOf(strict, "http")], [UrlOf(tracker, scheme)]],
            },
            CancellationToken.None
        );
        await download.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("ours"));
        Assert.Contains(log.Lines, line => line.Contains("tracker 127.0.0.1: refuses: ", StringComparison.Ordinal));
    }

    /// <summary>The tracker knows the torrent by its v1 hash only, and is silent about the other: that must not hold anything up.</summary>
    [Fact]
    public async Task Programs_UdpTrackerOnTheCommandLine_FindEachOther()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 2_000_000);
        await using var tracker = await OpentrackerProgram.StartAsync(sample.Metainfo.Info.V1Hash!.Value);
        var torrent = Path.Combine(sample.Directory, "sample.torrent");
        await File.WriteAllBytesAsync(torrent, sample.MetainfoBytes);
        Directory.CreateSymbolicLink(Path.Combine(sample.Directory, "sample"), Path.Combine(sample.Directory, "source"));
        var ours = Path.Combine(sample.Directory, "ours");
        string[] options = ["--listen", "127.0.0.1", "--port", "0", "--no-lsd", "--tracker", $"{UrlOf(tracker, "udp")}"];
        await using var seed = LineProcess.StartForeign(Stateless, ["torrent", "serve", torrent, sample.Directory, .. options]);
        var (exitCode, output) = await LineProcess.RunAsync(
            Patience,
            Stateless,
            ["torrent", "get", torrent, "--output", ours, .. options]
        );
        Assert.True(exitCode == 0, $"{output}\nthe seed wrote:\n{seed.Written}");
        Assert.True(sample.IsIdentical(Path.Combine("ours", "sample")));
    }

    private static Uri UrlOf(OpentrackerProgram tracker, string scheme) => new($"{scheme}://127.0.0.1:{tracker.Port}/announce");

    private static Task<SwarmHost> StartAsync(RecordingLoggers log) =>
        SwarmHost.StartAsync(
            new SwarmOptions { ListenAddresses = [IPAddress.Loopback], Port = 0 },
            TimeProvider.System,
            log,
            CancellationToken.None
        );

    private static Task<TorrentSession> AddAsync(
        SwarmHost host,
        SampleTorrent sample,
        OpentrackerProgram tracker,
        string scheme,
        string directory,
        bool isSeed
    ) =>
        host.AddAsync(
            new TorrentAddOptions
            {
                Metainfo = sample.Metainfo,
                FilePaths = sample.PathsIn(directory),
                IsSeed = isSeed,
                Trackers = [[UrlOf(tracker, scheme)]],
            },
            CancellationToken.None
        );
}
