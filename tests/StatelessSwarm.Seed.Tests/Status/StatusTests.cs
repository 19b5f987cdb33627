using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Seed.Hosting;
using StatelessSwarm.Seed.Tests.Hosting;
using StatelessSwarm.Seed.Tests.Releases;

namespace StatelessSwarm.Seed.Tests.Status;

public sealed class StatusTests
{
    [Fact]
    public async Task Healthz_WhileStarting_IsUnavailable()
    {
        // Goal: a load balancer must not send anyone before the releases are served. Method: a release that loads only when
        // the test lets it.
        var gate = new TaskCompletionSource();
        var source = new FakeReleases { Gate = gate.Task };
        source.Publish(await FakeReleases.MakeAsync("web", "1.0", "content"));
        var listeners = HttpListeners.Bind([IPAddress.Loopback], 0);
        var starting = SeedServer.StartAsync(
            new SeedOptions { RepositoryDirectory = Path.GetTempPath(), UseMulticastDns = false },
            new SeedParts(source, new FakePeer()),
            listeners,
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None
        );
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{listeners.Port}") };

        using var before = await http.GetAsync("healthz");
        gate.SetResult();
        await using var server = await starting;
        using var after = await http.GetAsync("healthz");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, before.StatusCode);
        Assert.Contains("\"status\":\"starting\"", await before.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
        using var json = JsonDocument.Parse(await after.Content.ReadAsStringAsync());
        Assert.Equal(1, json.RootElement.GetProperty("releases").GetInt32());
        Assert.Equal(3, json.RootElement.GetProperty("connections").GetInt32());
    }

    [Fact]
    public async Task Start_CancelledWhileLoading_ClosesEverything()
    {
        var source = new FakeReleases { Gate = new TaskCompletionSource().Task };
        source.Publish(await FakeReleases.MakeAsync("web", "1.0", "content"));
        var peer = new FakePeer();
        var listeners = HttpListeners.Bind([IPAddress.Loopback], 0);
        using var stop = new CancellationTokenSource();
        var starting = SeedServer.StartAsync(
            new SeedOptions { RepositoryDirectory = Path.GetTempPath(), UseMulticastDns = false },
            new SeedParts(source, peer),
            listeners,
            TimeProvider.System,
            NullLoggerFactory.Instance,
            stop.Token
        );

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
        Assert.True(peer.IsDisposed);
        HttpListeners.Bind([IPAddress.Loopback], listeners.Port).Dispose();
    }

    [Fact]
    public async Task StatusPage_HostileNames_AreEscaped()
    {
        var source = new FakeReleases();
        var release = await FakeReleases.MakeAsync("web", "1.0", "content");
        source.Publish(release with { Manifest = release.Manifest with { Version = "<script>alert(1)</script>" } });
        source.Channels.Add(
            new ChannelPointer
            {
                Product = "\"><img src=x>",
                Channel = "stable",
                Serial = 4,
                IssuedUnixSeconds = 0,
                ExpiresUnixSeconds = long.MaxValue,
                Release = release.Digest,
                Build = 7,
                Version = "1.0",
            }
        );
        await using var server = await TestServer.StartAsync(source: source);

        var page = await server.Http.GetStringAsync("/");

        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", page, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;", page, StringComparison.Ordinal);
        Assert.Contains(release.Digest.ToString(), page, StringComparison.Ordinal);
        Assert.Contains("1.5 kB", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StatusPage_UnreadableChannels_SaysSo()
    {
        var source = new FakeReleases { ChannelFault = new ContentException("metadata/channels/a/b.mp: broken") };
        await using var server = await TestServer.StartAsync(source: source);
        Assert.Contains("metadata/channels/a/b.mp: broken", await server.Http.GetStringAsync("/"), StringComparison.Ordinal);

        source.ChannelFault = new IOException("/secret/place: gone");

        Assert.DoesNotContain("/secret", await server.Http.GetStringAsync("/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_Release_HasItsSeries()
    {
        var source = new FakeReleases();
        var release = await FakeReleases.MakeAsync("web", "1.0", "content");
        source.Publish(release);
        await using var server = await TestServer.StartAsync(source: source);

        var metrics = await server.Http.GetStringAsync("metrics");

        Assert.Contains("stateless_seed_ready 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("stateless_seed_releases 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains(
            $"stateless_seed_swarm_peers{{release=\"{release.Digest}\",state=\"complete\"}} 1\n",
            metrics,
            StringComparison.Ordinal
        );
        Assert.Contains($"stateless_seed_peer_bytes_total{{release=\"{release.Digest}\"}} 1500\n", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public void Announcement_Profile_SaysWhatNeighboursNeed()
    {
        var profile = SeedAnnouncement.Profile(httpPort: 8080, peerPort: 6881);

        Assert.Equal("_stateless._tcp", profile.ServiceType);
        Assert.Equal(6881, profile.Port);
        Assert.Equal("seed", profile.Text["role"]);
        Assert.Equal("8080", profile.Text["http"]);
        Assert.Equal("1", profile.Text["v"]);
        Assert.Matches("^[0-9a-f]{16}$", profile.Text["id"]);
    }
}
