using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Swarm.Tests.Trackers;

/// <summary>Torrents of real hosts and scripted UDP trackers on loopback.</summary>
public sealed class TrackerAnnouncerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Torrent_ItsLife_IsStartedCompletedStopped()
    {
        using var sample = await SampleTorrent.CreateAsync(32 * 1024, 300_000);
        using var tracker = new ScriptedUdpTracker();
        var events = new ConcurrentQueue<int>();
        await using var seed = await StartAsync();
        await AddAsync(seed, sample, "source", [], isSeed: true);
        // The tracker names the seed, which is how the download finds it.
        byte[] named = [127, 0, 0, 1, (byte)(seed.Port >> 8), (byte)(seed.Port & 0xff)];
        var serving = tracker.ServeAsync(request => events.Enqueue(request.Event), named);
        await using (var node = await StartAsync())
        {
            var session = await AddAsync(node, sample, "node", [[tracker.Url]]);
            await session.Completion.WaitAsync(Patience);
            await WaitAsync(() => events.Contains(1));
        }
        Assert.Equal((2, 1, 3), (events.First(), events.First(kind => kind is not (0 or 2)), events.Last()));
        Assert.True(sample.IsIdentical("node"));
        tracker.Dispose();
        await serving;
    }

    [Fact]
    public async Task Torrent_DeadFirstTier_AsksTheNextAndTellsEveryTrackerThatKnowsItGoodbye()
    {
        using var sample = await SampleTorrent.CreateAsync(32 * 1024, 100_000);
        var dead = new ScriptedUdpTracker();
        var deadUrl = dead.Url;
        dead.Dispose();
        using var second = new ScriptedUdpTracker();
        using var third = new ScriptedUdpTracker();
        var told = new ConcurrentQueue<(int Tracker, int Event)>();
        var serving = Task.WhenAll(
            second.ServeAsync(request => told.Enqueue((2, request.Event))),
            third.ServeAsync(request => told.Enqueue((3, request.Event)))
        );
        await using (var node = await StartAsync())
        {
            await AddAsync(node, sample, "node", [[deadUrl], [second.Url], [third.Url]]);
            await WaitAsync(() => told.Count >= 2);
        }
        Assert.Equal((2, 2), told.First());
        Assert.Equal((2, 3), told.Last());
        Assert.DoesNotContain(told, one => one.Tracker == 3);
        second.Dispose();
        third.Dispose();
        await serving;
    }

    [Fact]
    public async Task Torrent_TrackerThatComesLater_IsFound()
    {
        using var sample = await SampleTorrent.CreateAsync(32 * 1024, 100_000);
        var early = new ScriptedUdpTracker();
        var url = early.Url;
        early.Dispose();
        await using var node = await StartAsync();
        await AddAsync(node, sample, "node", [[url]]);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var tracker = new ScriptedUdpTracker(port: url.Port);
        var serving = tracker.ServeAsync(_ => started.TrySetResult());
        await started.Task.WaitAsync(Patience);
        tracker.Dispose();
        await serving;
    }

    [Fact]
    public async Task Torrent_TiersWithoutTrackers_IsNotAnnounced()
    {
        using var sample = await SampleTorrent.CreateAsync(32 * 1024, 100_000);
        await using var node = await StartAsync();
        // No tracker at all: nothing is announced and nothing fails.
        var session = await AddAsync(node, sample, "node", [[], []]);
        Assert.False(session.Completion.IsCompleted);
    }

    /// <summary>A hybrid torrent is in two swarms (BEP 52): those who know one hash only find it under theirs.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task HybridTorrent_IsAnnouncedUnderBothHashes_UnlessToldOtherwise(bool announcesEveryHash)
    {
        using var sample = await SampleTorrent.CreateAsync(32 * 1024, 100_000);
        using var tracker = new ScriptedUdpTracker();
        var told = new ConcurrentQueue<(InfoHash Name, int Event)>();
        var serving = tracker.ServeAsync(request => told.Enqueue((new InfoHash(request.Bytes.AsSpan(16, InfoHash.Size)), request.Event)));
        await using (var node = await StartAsync())
        {
            var options = new TorrentAddOptions
            {
                Metainfo = sample.Metainfo,
                FilePaths = sample.PathsIn("node"),
                Trackers = [[tracker.Url]],
                AnnouncesEveryHash = announcesEveryHash,
            };
            await node.AddAsync(options, CancellationToken.None);
            await WaitAsync(() => told.Count >= (announcesEveryHash ? 2 : 1));
        }
        var names = sample.Metainfo.Info.WireHashes;
        Assert.Equal(2, names.Count);
        var expected = announcesEveryHash ? names : names.Take(1);
        foreach (var kind in (int[])[2, 3])
            Assert.Equal(expected.ToHashSet(), told.Where(one => one.Event == kind).Select(one => one.Name).ToHashSet());
        tracker.Dispose();
        await serving;
    }

    private static Task<SwarmHost> StartAsync() =>
        SwarmHost.StartAsync(
            new SwarmOptions { ListenAddresses = [IPAddress.Loopback], Port = 0 },
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None
        );

    private static Task<TorrentSession> AddAsync(
        SwarmHost host,
        SampleTorrent sample,
        string directory,
        IReadOnlyList<IReadOnlyList<Uri>> tiers,
        bool isSeed = false
    ) =>
        host.AddAsync(
            new TorrentAddOptions
            {
                Metainfo = sample.Metainfo,
                FilePaths = sample.PathsIn(directory),
                IsSeed = isSeed,
                Trackers = tiers,
            },
            CancellationToken.None
        );

    private static async Task WaitAsync(Func<bool> condition)
    {
        using var giveUp = new CancellationTokenSource(Patience, TimeProvider.System);
        while (!condition())
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, giveUp.Token);
    }
}
