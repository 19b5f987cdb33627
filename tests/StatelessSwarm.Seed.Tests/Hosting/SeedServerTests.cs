using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Seed.Hosting;
using StatelessSwarm.Seed.Tracking;

namespace StatelessSwarm.Seed.Tests.Hosting;

public sealed class SeedServerTests
{
    private static readonly Sha256Digest Release = Sha256Digest.HashData("release"u8);
    private static readonly string Hash = Uri.EscapeDataString(
        "abcdefghijklmnopqrst" // the truncated hash is whatever the test registers
    );

    [Fact]
    public async Task Healthz_WhenReady_IsOk()
    {
        await using var server = await TestServer.StartAsync();

        using var answer = await server.Http.GetAsync("healthz");
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal("ok", json.RootElement.GetProperty("status").GetString());
        Assert.Equal(0, json.RootElement.GetProperty("releases").GetInt32());
        Assert.True(json.RootElement.GetProperty("uptime_seconds").GetInt64() >= 0);
    }

    [Fact]
    public async Task StatusPage_IsHtmlWithoutScripts()
    {
        await using var server = await TestServer.StartAsync();

        using var answer = await server.Http.GetAsync("/");
        var page = await answer.Content.ReadAsStringAsync();

        Assert.Equal("text/html; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        Assert.Contains("default-src 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.StartsWith("<!doctype html>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_AfterADownload_CountIt()
    {
        await using var server = await TestServer.StartAsync();
        await server.Http.GetByteArrayAsync(TestServer.ReleaseFile);
        await server.Http.GetByteArrayAsync("metadata/root.mp");
        using var missing = await server.Http.GetAsync("nothing");

        var metrics = await server.Http.GetStringAsync("metrics");

        Assert.Contains(
            $"stateless_seed_http_file_bytes_total {TestServer.Content.Length + 4}\n",
            metrics,
            StringComparison.Ordinal
        );
        Assert.Contains("stateless_seed_http_file_requests_total 2\n", metrics, StringComparison.Ordinal);
        Assert.Contains("stateless_seed_http_refused_total 1\n", metrics, StringComparison.Ordinal);
        Assert.All(
            metrics.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.Matches(@"^(# (HELP|TYPE) \S+ .+|[a-z_]+(\{[^}]*\})? \d+)$", line)
        );
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    public async Task Request_OtherMethod_IsNotAllowed(string method)
    {
        await using var server = await TestServer.StartAsync();

        using var answer = await server.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), "metadata/root.mp"));

        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.Equal(["GET", "HEAD"], answer.Content.Headers.Allow);
        Assert.Equal("405 method not allowed: expected GET or HEAD\n", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Request_WithBody_IsRefused()
    {
        await using var server = await TestServer.StartAsync();
        const string head = "GET /metadata/root.mp HTTP/1.1\r\nHost: x\r\n";

        var counted = await server.SendRawAsync(head + "Content-Length: 5\r\n\r\nhello");
        var chunked = await server.SendRawAsync(head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
        var empty = await server.SendRawAsync(head + "Content-Length: 0\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 413", counted, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 413", chunked, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200", empty, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_TooLongHead_IsRefused()
    {
        await using var server = await TestServer.StartAsync();

        Assert.Equal(414, await server.StatusOfRawAsync("/" + new string('a', 10_000)));
        var headers = await server.SendRawAsync(
            $"GET / HTTP/1.1\r\nHost: x\r\nX: {new string('a', 20_000)}\r\n\r\n"
        );
        Assert.StartsWith("HTTP/1.1 431", headers, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_SlowHead_TimesOut()
    {
        await using var server = await TestServer.StartAsync(options =>
            options with
            {
                RequestHeadTimeout = TimeSpan.FromSeconds(1),
            }
        );

        var answer = await server.SendRawAsync("GET /metadata/root.mp HTTP/1.1\r\nHost:");

        Assert.StartsWith("HTTP/1.1 408", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_BeyondTheirBound_AreClosed()
    {
        await using var server = await TestServer.StartAsync(options => options with { MaxHttpConnections = 2 });
        using var first = new TcpClient();
        await first.ConnectAsync(IPAddress.Loopback, server.Seed.HttpPort);
        await AskAsync(first);
        using var second = new TcpClient();
        await second.ConnectAsync(IPAddress.Loopback, server.Seed.HttpPort);
        await AskAsync(second);

        Assert.Equal("", await server.SendRawAsync("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"));

        static async Task AskAsync(TcpClient client)
        {
            await client.GetStream().WriteAsync("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
            Assert.True(await client.GetStream().ReadAsync(new byte[1]) == 1);
        }
    }

    [Fact]
    public async Task Bind_PortInUse_IsOneLineThatNamesIt()
    {
        await using var server = await TestServer.StartAsync();

        var fault = Assert.Throws<IOException>(() => HttpListeners.Bind([IPAddress.Loopback], server.Seed.HttpPort));

        Assert.Contains($"cannot listen for HTTP on 127.0.0.1:{server.Seed.HttpPort}", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Fact]
    public void Bind_SeveralAddressesAndAnyPort_ShareOne()
    {
        using var listeners = HttpListeners.Bind([IPAddress.Loopback, IPAddress.Parse("127.0.0.2")], 0);

        Assert.Equal(2, listeners.EndPoints.Count);
        Assert.All(listeners.EndPoints, endPoint => Assert.Equal(listeners.Port, endPoint.Port));
    }

    [Fact]
    public async Task Bind_NoAddress_ServesBothFamilies()
    {
        await using var server = await TestServer.StartAsync(options => options with { ListenAddresses = [] });

        Assert.Equal("root", await server.Http.GetStringAsync("metadata/root.mp"));
        if (Socket.OSSupportsIPv6)
            Assert.Equal("root", await server.Http.GetStringAsync($"http://[::1]:{server.Seed.HttpPort}/metadata/root.mp"));
    }

    [Theory]
    [InlineData("", "::")]
    [InlineData("0.0.0.0,::", "::")]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("127.0.0.1,127.0.0.1,::1", "127.0.0.1,::1")]
    public void PeerAddresses_NeverBindV4Twice(string told, string expected)
    {
        if (!Socket.OSSupportsIPv6)
            return;
        var addresses = told.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(IPAddress.Parse).ToList();

        Assert.Equal(expected, string.Join(',', SeedServer.PeerAddresses(addresses)));
    }

    [Fact]
    public async Task Announce_OverHttp_NamesSeedThenOthers()
    {
        await using var server = await TestServer.StartAsync();
        server.Seed.Registry.Add(Release, [new InfoHash("abcdefghijklmnopqrst"u8)], 6881);

        var first = await AnnounceAsync(server, 1001);
        var second = await AnnounceAsync(server, 1002);

        Assert.Contains("5:peers6:\u007f\0\0\u0001\u001a\u00e16:peers60:e", first, StringComparison.Ordinal);
        Assert.Contains("5:peers12:\u007f\0\0\u0001\u001a\u00e1\u007f\0\0\u0001\u0003\u00e96:peers60:e", second, StringComparison.Ordinal);
        Assert.Contains("d8:completei1e10:incompletei2e", second, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Announce_OverV6_NamesV6()
    {
        if (!Socket.OSSupportsIPv6)
            return;
        await using var server = await TestServer.StartAsync(options => options with { ListenAddresses = [IPAddress.IPv6Loopback] });
        server.Seed.Registry.Add(Release, [new InfoHash("abcdefghijklmnopqrst"u8)], 6881);

        var answer = await AnnounceAsync(server, 1001, $"http://[::1]:{server.Seed.HttpPort}/");

        Assert.Contains(
            "5:peers0:6:peers618:\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\u0001\u001a\u00e1e",
            answer,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("announce", "info_hash: missing")]
    [InlineData("announce?info_hash=short", "info_hash: expected 20 bytes, percent-encoded")]
    [InlineData(
        "announce?info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=aaaaaaaaaaaaaaaaaaaa&port=1",
        "info_hash: no release of this repository"
    )]
    [InlineData("scrape?info_hash=short", "info_hash: expected 20 bytes, percent-encoded")]
    public async Task Announce_Refused_IsABencodedReason(string target, string reason)
    {
        await using var server = await TestServer.StartAsync();

        using var answer = await server.Http.GetAsync(target);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal($"d14:failure reason{reason.Length}:{reason}e", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Announce_TooOften_IsHeldBack()
    {
        await using var server = await TestServer.StartAsync(options =>
            options with
            {
                Tracker = new TrackerOptions { RequestBurst = 3, RequestsPerSecond = 1 },
            }
        );
        var codes = new List<HttpStatusCode>();
        for (var i = 0; i < 6; i++)
        {
            using var answer = await server.Http.GetAsync("announce");
            codes.Add(answer.StatusCode);
        }

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK], codes.Take(3));
        Assert.Contains(HttpStatusCode.TooManyRequests, codes);
        Assert.Equal("root", await server.Http.GetStringAsync("metadata/root.mp"));
    }

    [Fact]
    public async Task Scrape_OverHttp_Counts()
    {
        await using var server = await TestServer.StartAsync();
        server.Seed.Registry.Add(Release, [new InfoHash("abcdefghijklmnopqrst"u8)], 6881);
        await AnnounceAsync(server, 1001);

        var one = await server.Http.GetStringAsync($"scrape?info_hash={Hash}");
        var all = await server.Http.GetStringAsync("scrape");
        var none = await server.Http.GetStringAsync("scrape?info_hash=aaaaaaaaaaaaaaaaaaaa");

        Assert.Equal(
            "d5:filesd20:abcdefghijklmnopqrstd8:completei1e10:downloadedi0e10:incompletei1eeee",
            one
        );
        Assert.Equal(one, all);
        Assert.Equal("d5:filesdee", none);
    }

    [Fact]
    public async Task Dispose_WithATransferOpen_StopsWithinItsTimeout()
    {
        var server = await TestServer.StartAsync(options => options with { StopTimeout = TimeSpan.FromSeconds(1) });
        using var client = new TcpClient { ReceiveBufferSize = 4096 };
        await client.ConnectAsync(IPAddress.Loopback, server.Seed.HttpPort);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET /{TestServer.ReleaseFile} HTTP/1.1\r\nHost: x\r\n\r\n"));
        Assert.Equal(1, await client.GetStream().ReadAsync(new byte[1]));

        await server.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(8));
    }

    private static async Task<string> AnnounceAsync(TestServer server, int port, string address = "") =>
        Encoding.Latin1.GetString(
            await server.Http.GetByteArrayAsync(
                $"{address}announce?info_hash={Hash}&peer_id=-SL0100-abcdefghijkl&port={port}&left=5&compact=1"
            )
        );
}
