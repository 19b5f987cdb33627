using System.Net;
using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Seed.Hosting;
using StatelessSwarm.Seed.Releases;
using StatelessSwarm.Seed.Tracking;

namespace StatelessSwarm.Seed.Tests.Releases;

public sealed class ReleaseWatcherTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeReleases _source = new();
    private readonly FakePeer _peer = new();
    private readonly StringWriter _log = new();
    private readonly LineLoggerProvider _logger;
    private readonly SwarmRegistry _registry;
    private readonly ReleaseWatcher _watcher;

    public ReleaseWatcherTests()
    {
        _logger = new LineLoggerProvider(_log);
        _registry = new SwarmRegistry(new TrackerOptions(), _time, new Random(1));
        _watcher = new ReleaseWatcher(_source, _peer, _registry, _time, _logger.CreateLogger("x"));
    }

    [Fact]
    public async Task Start_ReleasesThere_AreTrackedUnderBothHashesAndSeeded()
    {
        var release = await FakeReleases.MakeAsync("web", "1.0", "content");
        _source.Publish(release);

        await _watcher.StartAsync(CancellationToken.None);

        Assert.Equal([release], _peer.Seeding);
        Assert.Equal(release, Assert.Single(_watcher.Served).Release);
        Assert.True(IsTracked(InfoHash.Truncate(release.Metainfo.Info.V2Hash!.Value)));
        Assert.True(IsTracked(release.Metainfo.Info.V1Hash!.Value));
    }

    [Fact]
    public async Task Look_NewRelease_IsServedWithinASecond()
    {
        await _watcher.StartAsync(CancellationToken.None);
        var release = await FakeReleases.MakeAsync("web", "2.0", "content");
        _source.Publish(release);

        await LookAsync();

        Assert.Equal([release], _peer.Seeding);
        Assert.Contains("serving web-2.0", _log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Look_WithdrawnRelease_EndsSwarmAndSession()
    {
        var release = await FakeReleases.MakeAsync("web", "1.0", "content");
        _source.Publish(release);
        await _watcher.StartAsync(CancellationToken.None);
        _source.Withdraw(release);

        await LookAsync();

        Assert.Empty(_peer.Seeding);
        Assert.Empty(_watcher.Served);
        Assert.False(IsTracked(release.SwarmNames[0]));
    }

    [Fact]
    public async Task Look_BrokenRelease_IsToldOnceTriedLessAndLessAndServedWhenItHeals()
    {
        var release = await FakeReleases.MakeAsync("web", "1.0", "content");
        _source.Publish(release);
        _source.Faults[release.Digest] = new ContentException("manifest: broken");
        await _watcher.StartAsync(CancellationToken.None);

        for (var second = 0; second < 60; second++)
            await LookAsync();

        // at 0, 1, 3, 7, 15, 31 seconds
        Assert.Equal(6, _source.Loads);
        Assert.Single(_log.ToString().Split('\n'), line => line.Contains("manifest: broken", StringComparison.Ordinal));
        _source.Faults.Clear();
        for (var second = 0; second < 4; second++)
            await LookAsync();
        Assert.Equal([release], _peer.Seeding);
    }

    [Fact]
    public async Task Look_OneBrokenRelease_DoesNotHoldUpTheOthers()
    {
        var broken = await FakeReleases.MakeAsync("a", "1.0", "content");
        var sound = await FakeReleases.MakeAsync("b", "1.0", "other");
        _source.Publish(broken);
        _source.Publish(sound);
        _source.Faults[broken.Digest] = new IOException("gone");

        await _watcher.StartAsync(CancellationToken.None);

        Assert.Equal([sound], _peer.Seeding);
    }

    [Fact]
    public async Task Look_UnreadableRepository_KeepsWhatIsServed()
    {
        var release = await FakeReleases.MakeAsync("web", "1.0", "content");
        _source.Publish(release);
        await _watcher.StartAsync(CancellationToken.None);
        _source.ListFault = new IOException("input/output error");

        await LookAsync();
        await LookAsync();

        Assert.Equal([release], _peer.Seeding);
        Assert.Single(_log.ToString().Split('\n'), line => line.Contains("input/output error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Look_TwoReleasesOfOneTorrent_OneTakesOverFromTheOther()
    {
        // Goal: publishing equal content under two manifests makes one torrent; when the first is withdrawn the second must
        // not be left without swarm and seed.
        var first = await FakeReleases.MakeAsync("web", "1.0", "content", build: 1);
        var twin = await FakeReleases.MakeAsync("web", "1.0", "content", build: 2);
        Assert.Equal(first.Manifest.TorrentHash, twin.Manifest.TorrentHash);
        _source.Publish(first);
        _source.Publish(twin);
        await _watcher.StartAsync(CancellationToken.None);
        Assert.Equal([first], _peer.Seeding);
        Assert.Equal(2, _watcher.Served.Count);

        _source.Withdraw(first);
        await LookAsync();

        Assert.Equal([twin], _peer.Seeding);
        Assert.True(IsTracked(twin.SwarmNames[1]));
    }

    [Fact]
    public async Task Dispose_Watching_DropsEverySession()
    {
        _source.Publish(await FakeReleases.MakeAsync("web", "1.0", "content"));
        await _watcher.StartAsync(CancellationToken.None);

        await _watcher.DisposeAsync();

        Assert.Empty(_peer.Seeding);
    }

    public async ValueTask DisposeAsync()
    {
        await _watcher.DisposeAsync();
        _logger.Dispose();
        await _log.DisposeAsync();
    }

    private async Task LookAsync()
    {
        var before = _watcher.Looks;
        _time.Advance(TimeSpan.FromSeconds(1));
        while (_watcher.Looks == before)
            await Task.Yield();
    }

    private bool IsTracked(InfoHash name) =>
        _registry.TryAnnounce(
            new AnnounceRequest
            {
                InfoHash = name,
                PeerId = PeerId.Create(new byte[12]),
                Port = 1,
            },
            IPAddress.Loopback,
            IPAddress.Loopback,
            out _
        );
}
