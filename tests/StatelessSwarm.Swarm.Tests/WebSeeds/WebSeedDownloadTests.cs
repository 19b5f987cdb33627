using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Testing.Http;
using StatelessSwarm.Testing.Logging;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Swarm.Tests.WebSeeds;

/// <summary>Downloads from web servers of every kind on loopback; most have nothing else to download from.</summary>
public sealed class WebSeedDownloadTests : IDisposable
{
    private const int KiB = 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly RecordingLoggers _log = new();

    public void Dispose() => _log.Dispose();

    [Fact]
    public async Task Download_SeveralFiles_EachByteOnceInFewRanges()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 5_000_000, 0, 5, 65_536, 300_001);
        await using var server = Serve(sample);
        await using var host = await StartAsync();
        var session = await AddAsync(host, sample, server.Url);
        await session.Completion.WaitAsync(Patience);

        Assert.True(sample.IsIdentical("node"));
        var status = session.Status;
        Assert.Equal(sample.Metainfo.Info.ContentBytes, status.ReceivedHttpBytes);
        Assert.Equal(0, status.ReceivedLanBytes + status.ReceivedWanBytes + status.WastedBytes);
        AssertEachByteOnce(sample, server);
        // 83 pieces; the empty file and the pad files are nobody's to ask for
        Assert.InRange(server.Requests.Count, 4, 40);
        Assert.DoesNotContain(server.Requests, request => request.Path.Contains(".pad", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("sole%20image.bin")]
    [InlineData("")]
    public async Task Download_SingleFile_ByItsUrlOrItsDirectory(string path)
    {
        using var sample = await SampleTorrent.CreateNamedAsync("sole image.bin", 64 * KiB, ("sole image.bin", 1_000_003));
        await using var server = Serve(sample);
        await using var host = await StartAsync();
        var session = await AddAsync(host, sample, new Uri(server.Url, path));
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
        Assert.All(server.Requests, request => Assert.Equal("/sole%20image.bin", request.Path));
    }

    [Fact]
    public async Task Download_BesideAPeer_UsesBoth_AndNothingComesTwice()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 20_000_000);
        await using var server = Serve(sample);
        await using var seed = await SeedAsync(sample);
        await using var host = await StartAsync();
        var session = await AddAsync(host, sample, server.Url);
        session.AddPeer(new IPEndPoint(IPAddress.Loopback, seed.Port), PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
        var status = session.Status;
        Assert.True(status.ReceivedHttpBytes > 0);
        Assert.Equal(sample.Metainfo.Info.ContentBytes + status.WastedBytes, status.ReceivedHttpBytes + status.ReceivedLanBytes);
    }

    [Fact]
    public async Task Download_WithDelay_LeavesItToAPeerThatGives()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 10_000_000);
        await using var server = Serve(sample);
        await using var seed = await SeedAsync(sample);
        var time = new FakeTimeProvider();
        await using var host = await StartAsync(time);
        var session = await AddAsync(host, sample, server.Url, TimeSpan.FromSeconds(2));
        session.AddPeer(new IPEndPoint(IPAddress.Loopback, seed.Port), PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
        Assert.Equal(0, session.Status.ReceivedHttpBytes);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Download_WithDelay_UsesItWhenNobodyGives()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 1_000_000);
        await using var server = Serve(sample);
        var time = new FakeTimeProvider();
        await using var host = await StartAsync(time);
        var session = await AddAsync(host, sample, server.Url, TimeSpan.FromSeconds(2));
        await PassTimeAsync(session, time);
        Assert.True(sample.IsIdentical("node"));
    }

    [Fact]
    public async Task Liar_IsDroppedForGood_AndAnotherFinishes()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 3_000_000);
        await using var liar = new RangeFileServer(path => FileAt(sample, path) is { } file ? new byte[file.Length] : null);
        await using var host = await StartAsync();
        var session = await AddAsync(host, sample, liar.Url);
        await LogsAsync("dropped: WrongData");
        await using var seed = await SeedAsync(sample);
        session.AddPeer(new IPEndPoint(IPAddress.Loopback, seed.Port), PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
        Assert.Contains("WrongData", session.Status.WebSeedTrouble, StringComparison.Ordinal);
        Assert.Single(_log.Lines, line => line.Contains("dropped: WrongData", StringComparison.Ordinal));
    }

    public static TheoryData<string, string> FinalAnswers =>
        new()
        {
            { "404", "answers 404" },
            { "410", "answers 410" },
            { "416", "shorter than the torrent" },
            { "403", "answers 403" },
            { "redirect for ever", "redirect" },
            { "redirect elsewhere", "redirect" },
            { "ranges ignored", "ignores ranges" },
            { "wrong range", "Content-Range" },
            { "no range", "without a Content-Range" },
            { "other length", "Content-Range" },
            { "body longer", "announces" },
            { "chunked body longer", "more than the range" },
        };

    [Theory]
    [MemberData(nameof(FinalAnswers))]
    public async Task FinalAnswer_DropsIt_AndTheLogSaysWhy(string kind, string reason)
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 12_000_000);
        await using var server = Serve(sample);
        server.Misbehaviour = (request, stream, stop) => MisanswerAsync(server, kind, request, stream, stop);
        await using var host = await StartAsync();
        var session = await AddAsync(host, sample, server.Url);
        await LogsAsync("not used any more");
        Assert.Contains(
            _log.Lines,
            line => line.Contains("Warning: web seed", StringComparison.Ordinal) && line.Contains(reason, StringComparison.Ordinal)
        );
        Assert.Contains(reason, session.Status.WebSeedTrouble ?? reason, StringComparison.Ordinal);
        // never gigabytes read and thrown away
        Assert.InRange(session.Status.WastedBytes, 0, 2_000_000);
        await using var seed = await SeedAsync(sample);
        session.AddPeer(new IPEndPoint(IPAddress.Loopback, seed.Port), PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
    }

    [Fact]
    public async Task RangesIgnored_SmallFile_IsUsedAllTheSame()
    {
        using var sample = await SampleTorrent.CreateAsync(16 * KiB, 200_000);
        await using var server = Serve(sample);
        server.Misbehaviour = (request, stream, stop) => MisanswerAsync(server, "ranges ignored", request, stream, stop);
        await using var host = await StartAsync();
        var session = await AddAsync(host, sample, server.Url);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
        Assert.Equal(0, session.Status.WastedBytes);
    }

    [Fact]
    public async Task Redirects_UpToFive_AreFollowed()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 1_000_000);
        await using var target = Serve(sample);
        await using var server = new RangeFileServer(_ => null);
        server.Misbehaviour = async (request, stream, stop) =>
        {
            var hops = request.Path.Count(letter => letter == '~');
            var location = hops < 4 ? $"{server.Url}~{request.Path.TrimStart('/')}" : $"{target.Url}{request.Path.TrimStart('/', '~')}";
            await RawHttpServer.WriteAsync(stream, $"HTTP/1.1 302 X\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", stop);
            return true;
        };
        await using var host = await StartAsync();
        var session = await AddAsync(host, sample, server.Url);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
        Assert.All(target.Requests, request => Assert.NotNull(request.Range));
    }

    /// <summary>
    /// Goal: not every range takes the detour over a redirect, and a target that serves no more is left for the address that was named. Method: the
    /// server sends every request elsewhere, to a place that refuses its third; how often was it asked?
    /// </summary>
    [Fact]
    public async Task Redirect_IsRemembered_AndForgottenWhenItsTargetServesNoMore()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 60_000_000);
        await using var target = Serve(sample);
        var served = 0;
        target.Misbehaviour = async (request, stream, stop) =>
        {
            if (Interlocked.Increment(ref served) != 3)
                return false;
            await RawHttpServer.WriteAsync(stream, "HTTP/1.1 404 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", stop);
            return true;
        };
        await using var server = new RangeFileServer(_ => null);
        var redirected = 0;
        server.Misbehaviour = async (request, stream, stop) =>
        {
            Interlocked.Increment(ref redirected);
            var location = $"{target.Url}{request.Path.TrimStart('/')}";
            await RawHttpServer.WriteAsync(stream, $"HTTP/1.1 302 X\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", stop);
            return true;
        };
        await using var host = await StartAsync();
        var options = new TorrentAddOptions
        {
            Metainfo = sample.Metainfo,
            FilePaths = sample.PathsIn("node"),
            WebSeeds = [server.Url],
            WebSeedTransfers = 1,
        };
        var session = await host.AddAsync(options, CancellationToken.None);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
        Assert.InRange(served, 15, int.MaxValue);
        Assert.InRange(redirected, 2, 4);
    }

    [Fact]
    public async Task RedirectBeyondTheWan_IsFoundOut_AndCountsAsFarFromThenOn()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 1_000_000);
        await using var server = Serve(sample);
        var redirects = 0;
        server.Misbehaviour = async (request, stream, stop) =>
        {
            if (Interlocked.Increment(ref redirects) > 1)
                return false;
            // an address for documentation (RFC 5737): nobody's, and so not a neighbour's
            await RawHttpServer.WriteAsync(
                stream,
                $"HTTP/1.1 302 X\r\nLocation: http://198.51.100.1{request.Path}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                stop
            );
            return true;
        };
        await using var host = await StartAsync();
        var session = await AddAsync(host, sample, server.Url);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
        Assert.Contains("beyond the WAN link", session.Status.WebSeedTrouble, StringComparison.Ordinal);
        Assert.DoesNotContain(_log.Lines, line => line.Contains("not used any more", StringComparison.Ordinal));
    }

    public static TheoryData<string> PassingTroubles =>
        [
            "503",
            "503 with Retry-After",
            "429 with a date",
            "500",
            "reset before the head",
            "reset in the middle",
            "body ends early",
            "silence before the head",
            "silence in the middle",
            "broken head",
        ];

    [Theory]
    [MemberData(nameof(PassingTroubles))]
    public async Task PassingTrouble_IsOvercome_AndOnlyWhatIsMissingIsAskedAgain(string kind)
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 6_000_000);
        await using var server = Serve(sample);
        var troubles = 6;
        server.Misbehaviour = async (request, stream, stop) =>
            Interlocked.Decrement(ref troubles) >= 0 && await MisanswerAsync(server, kind, request, stream, stop);
        var time = new FakeTimeProvider();
        await using var host = await StartAsync(time);
        var session = await AddAsync(host, sample, server.Url);
        await PassTimeAsync(session, time);
        Assert.True(sample.IsIdentical("node"));
        Assert.True(troubles < 0);
        var status = session.Status;
        Assert.Equal(sample.Metainfo.Info.ContentBytes + status.WastedBytes, status.ReceivedHttpBytes);
        // A transfer that broke had at most a block under way; what other peers never took is not fetched twice.
        Assert.InRange(status.WastedBytes, 0, 6 * 256 * KiB);
    }

    [Fact]
    public async Task SlowDrip_DoesNotHoldTheTorrentUp()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 2_000_000);
        await using var server = Serve(sample);
        var dripping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Misbehaviour = async (request, stream, stop) =>
        {
            await RawHttpServer.WriteAsync(stream, RangeFileServer.HeadOf(request, server.FileOf(request).Length), stop);
            dripping.TrySetResult();
            for (var i = 0; i < request.Range!.Value.Last - request.Range.Value.First; i++)
            {
                await RawHttpServer.WriteAsync(stream, server.BytesOf(request).Slice(i, 1), stop);
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, stop);
            }
            return true;
        };
        await using var host = await StartAsync();
        var session = await AddAsync(host, sample, server.Url);
        await dripping.Task.WaitAsync(Patience);
        await using var seed = await SeedAsync(sample);
        session.AddPeer(new IPEndPoint(IPAddress.Loopback, seed.Port), PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
        Assert.Equal(0, session.Status.ReceivedHttpBytes);
    }

    [Fact]
    public async Task NobodyListens_IsTriedAgain()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 1_000_000);
        int port;
        await using (var gone = Serve(sample))
            port = gone.Port;
        await using var host = await StartAsync();
        var session = await AddAsync(host, sample, new Uri($"http://127.0.0.1:{port}/"));
        await LogsAsync("paused for");
        Assert.False(session.Completion.IsCompleted);
        await using var back = Serve(sample, port);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
    }

    [Fact]
    public async Task UnknownHost_SaysSo_AndTheTorrentGoesOn()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 1_000_000);
        await using var server = Serve(sample);
        await using var host = await StartAsync();
        var session = await AddAsync(host, sample, new Uri("http://no-such-host.invalid/"), server.Url);
        await session.Completion.WaitAsync(Patience);
        await LogsAsync("no-such-host.invalid");
    }

    [Fact]
    public async Task Interrupted_AndStartedAgain_FetchesOnlyTheRest()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 12_000_000);
        await using var server = Serve(sample);
        // lets half of it through, and then no more
        var left = 5_000_000L;
        server.Misbehaviour = async (request, _, stop) =>
        {
            var (first, last) = request.Range!.Value;
            if (Interlocked.Add(ref left, first - last - 1) < 0)
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
            return false;
        };
        await using (var host = await StartAsync())
        {
            var session = await AddAsync(host, sample, server.Url);
            await UntilAsync(() => session.Status.VerifiedBytes > 1_000_000);
        }
        server.Misbehaviour = null;
        await using var again = await StartAsync();
        var resumed = await AddAsync(again, sample, server.Url);
        await resumed.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
        Assert.True(resumed.Status.DiskBytes >= 1_000_000);
        Assert.Equal(sample.Metainfo.Info.ContentBytes, resumed.Status.DiskBytes + resumed.Status.ReceivedHttpBytes);
    }

    [Fact]
    public async Task Complete_LetsGoOfIt()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 100_000);
        await using var server = Serve(sample);
        await using var host = await StartAsync();
        var session = await AddAsync(host, sample, server.Url);
        await session.Completion.WaitAsync(Patience);
        await LogsAsync("dropped: BothComplete");
    }

    /// <summary>What a server does wrong, by name; true when it has answered.</summary>
    private static async Task<bool> MisanswerAsync(
        RangeFileServer server,
        string kind,
        RawHttpRequest request,
        Stream stream,
        CancellationToken stop
    )
    {
        var bytes = server.BytesOf(request);
        var length = server.FileOf(request).Length;
        var (first, last) = request.Range!.Value;
        var head = RangeFileServer.HeadOf(request, length);
        async Task SendAsync(string text) => await RawHttpServer.WriteAsync(stream, text, stop);
        switch (kind)
        {
            case "redirect for ever":
                await SendAsync($"HTTP/1.1 302 X\r\nLocation: {request.Path}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                break;
            case "redirect elsewhere":
                await SendAsync("HTTP/1.1 301 X\r\nLocation: ftp://127.0.0.1/x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                break;
            case "ranges ignored":
                await RawHttpServer.AnswerAsync(stream, 200, server.FileOf(request), stop);
                break;
            case "wrong range":
                await SendAsync($"HTTP/1.1 206 X\r\nContent-Range: bytes {first + 1}-{last}/{length}\r\nContent-Length: {last - first}\r\n\r\n");
                break;
            case "no range":
                await SendAsync($"HTTP/1.1 206 X\r\nContent-Length: {bytes.Length}\r\n\r\n");
                break;
            case "other length":
                await SendAsync(head.Replace($"/{length}", $"/{length + 1}", StringComparison.Ordinal));
                break;
            case "body longer":
                await SendAsync(head.Replace($"Length: {bytes.Length}", $"Length: {bytes.Length + 1}", StringComparison.Ordinal));
                break;
            case "chunked body longer":
                await SendAsync(
                    $"HTTP/1.1 206 X\r\nContent-Range: bytes {first}-{last}/{length}\r\nTransfer-Encoding: chunked\r\n\r\n{bytes.Length + 1:x}\r\n"
                );
                await RawHttpServer.WriteAsync(stream, bytes, stop);
                await SendAsync("x\r\n0\r\n\r\n");
                break;
            case "503 with Retry-After":
                await SendAsync("HTTP/1.1 503 X\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                break;
            case "429 with a date":
                var date = new FakeTimeProvider().GetUtcNow().AddSeconds(30).ToString("r", CultureInfo.InvariantCulture);
                await SendAsync($"HTTP/1.1 429 X\r\nRetry-After: {date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                break;
            case "reset before the head":
                ((System.Net.Sockets.NetworkStream)stream).Socket.LingerState = new System.Net.Sockets.LingerOption(true, 0);
                break;
            case "reset in the middle":
                await SendAsync(head);
                await RawHttpServer.WriteAsync(stream, bytes[..(bytes.Length / 2)], stop);
                ((System.Net.Sockets.NetworkStream)stream).Socket.LingerState = new System.Net.Sockets.LingerOption(true, 0);
                break;
            case "body ends early":
                await SendAsync(head);
                await RawHttpServer.WriteAsync(stream, bytes[..(bytes.Length * 2 / 3)], stop);
                break;
            case "silence before the head":
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
                break;
            case "silence in the middle":
                await SendAsync(head);
                await RawHttpServer.WriteAsync(stream, bytes[..(bytes.Length / 2)], stop);
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
                break;
            case "broken head":
                await SendAsync("I am a teapot\r\n\r\n");
                break;
            default:
                await RawHttpServer.AnswerAsync(stream, int.Parse(kind, CultureInfo.InvariantCulture), default, stop);
                break;
        }
        return true;
    }

    private static void AssertEachByteOnce(SampleTorrent sample, RangeFileServer server)
    {
        var asked = new ConcurrentDictionary<string, List<(long First, long Last)>>(StringComparer.Ordinal);
        foreach (var request in server.Requests)
            asked.GetOrAdd(request.Path, _ => []).Add(request.Range!.Value);
        foreach (var file in sample.Metainfo.Info.Files.Where(file => file.Length > 0))
        {
            var position = 0L;
            foreach (var (first, last) in asked[$"/sample/{file.Path}"].OrderBy(range => range.First))
            {
                Assert.Equal(position, first);
                position = last + 1;
            }
            Assert.Equal(file.Length, position);
        }
        Assert.Equal(sample.Metainfo.Info.Files.Count(file => file.Length > 0), asked.Count);
    }

    private static byte[]? FileAt(SampleTorrent sample, string path)
    {
        var info = sample.Metainfo.Info;
        var plain = Uri.UnescapeDataString(path.TrimStart('/'));
        if (info.IsMultiFile)
            plain = plain.StartsWith(info.Name + "/", StringComparison.Ordinal) ? plain[(info.Name.Length + 1)..] : "";
        var index = info.Files.ToList().FindIndex(file => file.Path == plain);
        return index < 0 ? null : File.ReadAllBytes(sample.Paths[index]);
    }

    private static RangeFileServer Serve(SampleTorrent sample, int port = 0)
    {
        var files = new ConcurrentDictionary<string, byte[]?>(StringComparer.Ordinal);
        return new RangeFileServer(path => files.GetOrAdd(path, asked => FileAt(sample, asked)), port);
    }

    private async Task LogsAsync(string text) =>
        await UntilAsync(() => _log.Lines.Any(line => line.Contains(text, StringComparison.Ordinal)), $"the log never said '{text}'");

    private async Task UntilAsync(Func<bool> condition, string? failure = null)
    {
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        while (!condition())
        {
            if (limit.IsCancellationRequested)
                Assert.Fail($"{failure ?? "it did not come about"}; log:\n{string.Join('\n', _log.Lines)}");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }

    /// <summary>Lets the false clock run, a hundred times as fast as the real one, until the torrent is complete.</summary>
    private async Task PassTimeAsync(TorrentSession session, FakeTimeProvider time) =>
        await UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(250));
            return session.Completion.IsCompletedSuccessfully;
        });

    private Task<SwarmHost> StartAsync(TimeProvider? time = null) =>
        SwarmHost.StartAsync(
            new SwarmOptions { ListenAddresses = [IPAddress.Loopback], Port = 0 },
            time ?? TimeProvider.System,
            _log,
            CancellationToken.None
        );

    private async Task<SwarmHost> SeedAsync(SampleTorrent sample)
    {
        var host = await StartAsync();
        await host.AddAsync(
            new TorrentAddOptions { Metainfo = sample.Metainfo, FilePaths = sample.Paths, IsSeed = true },
            CancellationToken.None
        );
        return host;
    }

    private static Task<TorrentSession> AddAsync(SwarmHost host, SampleTorrent sample, params Uri[] webSeeds) =>
        AddAsync(host, sample, TimeSpan.Zero, webSeeds);

    private static Task<TorrentSession> AddAsync(SwarmHost host, SampleTorrent sample, Uri webSeed, TimeSpan delay) =>
        AddAsync(host, sample, delay, webSeed);

    private static Task<TorrentSession> AddAsync(SwarmHost host, SampleTorrent sample, TimeSpan delay, params Uri[] webSeeds) =>
        host.AddAsync(
            new TorrentAddOptions
            {
                Metainfo = sample.Metainfo,
                FilePaths = sample.PathsIn("node"),
                JournalPath = Path.Combine(sample.Directory, "resume"),
                WebSeeds = webSeeds,
                WebSeedDelay = delay,
            },
            CancellationToken.None
        );
}
