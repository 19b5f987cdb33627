using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Seed.Hosting;
using StatelessSwarm.Seed.Tests.Releases;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Seed.Tests.Hosting;

/// <summary>The command as it is run, with real sockets, over a published repository.</summary>
public sealed partial class WholeServerTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly PublishedRepository _repository = new();

    [Fact]
    public async Task Run_Repository_IsReadyPicksUpAReleaseAndStops()
    {
        await _repository.PublishAsync("1.0");
        await using var run = await Run.StartAsync(_repository.Directory);
        Assert.Equal(1, run.Releases);

        await _repository.PublishAsync("2.0");

        await run.WaitForAsync("\"releases\":2");
        Assert.Equal(ExitCode.Done, await run.StopAsync());
        Assert.Contains("serving web-2.0", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WithdrawnRelease_IsDropped()
    {
        var release = await _repository.PublishAsync("1.0");
        await using var run = await Run.StartAsync(_repository.Directory);

        Directory.Delete(Path.Combine(_repository.Directory, RepositoryLayout.Release(release.Digest)), recursive: true);

        await run.WaitForAsync("\"releases\":0");
    }

    /// <summary>Two releases of one image have one chunk map: served as long as one of them is there, found through the tracker.</summary>
    [Fact]
    public async Task Run_TwoReleasesOfOneImage_TheirMapIsServedUntilBothAreGone()
    {
        var first = await _repository.PublishAsync("1.0", seed: 1);
        var second = await _repository.PublishAsync("2.0", seed: 1);
        Assert.Equal(first.Manifest.ChunkMap, second.Manifest.ChunkMap);
        await using var run = await Run.StartAsync(_repository.Directory);
        Assert.Equal(2, run.Releases);
        var torrent = await run.Http.GetByteArrayAsync(RepositoryLayout.ChunkMapTorrent(second.Digest));
        Directory.Delete(Path.Combine(_repository.Directory, RepositoryLayout.Release(first.Digest)), recursive: true);
        await run.WaitForAsync("\"releases\":1");
        var map = await DownloadAsync(run, torrent, ReleaseChunkMap.FileName);
        Assert.Equal(second.Manifest.ChunkMap.Sha256, Sha256Digest.HashData(map));
    }

    [Fact]
    public async Task Run_Peer_DownloadsTheReleaseFoundThroughTheTracker()
    {
        // Goal: tracker and first peer work together: a peer that knows nothing but the tracker's URL gets the whole image.
        var release = await _repository.PublishAsync("1.0", bytes: 733 * 4096);
        await using var run = await Run.StartAsync(_repository.Directory);
        var torrent = await run.Http.GetByteArrayAsync(RepositoryLayout.Torrent(release.Digest));
        var image = await DownloadAsync(run, torrent, "root.squashfs");
        Assert.Equal(await File.ReadAllBytesAsync(_repository.PayloadPath(release)), image);
        Assert.Contains("result=\"failed\"} 0\n", await run.Http.GetStringAsync("metrics"), StringComparison.Ordinal);
    }

    /// <summary>What a peer gets that knows the tracker and nobody else.</summary>
    private static async Task<byte[]> DownloadAsync(Run run, byte[] torrent, string name)
    {
        var target = Directory.CreateTempSubdirectory("seed-download-").FullName;
        try
        {
            await using var host = await SwarmHost.StartAsync(
                new SwarmOptions { ListenAddresses = [IPAddress.Loopback], Port = 0 },
                TimeProvider.System,
                NullLoggerFactory.Instance,
                CancellationToken.None
            );
            var path = Path.Combine(target, name);
            var session = await host.AddAsync(
                new TorrentAddOptions
                {
                    Metainfo = Metainfo.Parse(torrent),
                    FilePaths = [path],
                    Trackers = [[new Uri(run.Http.BaseAddress!, "announce")]],
                },
                CancellationToken.None
            );
            await session.Completion.WaitAsync(Patience);
            await session.DisposeAsync();
            return await File.ReadAllBytesAsync(path);
        }
        finally
        {
            Directory.Delete(target, recursive: true);
        }
    }

    [Theory]
    [InlineData("--http-port", "HTTP")]
    [InlineData("--peer-port", "")]
    public async Task Run_PortInUse_IsOneLine(string option, string expected)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var other = option == "--http-port" ? "--peer-port" : "--http-port";
        using var output = new StringWriter();
        using var error = new StringWriter();

        var code = await new SeedCommand(output, error, TimeProvider.System, new SystemdNotifier(null)).RunAsync(
            ["--repo", _repository.Directory, "--no-mdns", "--listen", "127.0.0.1", option, $"{port}", other, "0"],
            TestContext.Current.CancellationToken
        );

        Assert.Equal(ExitCode.Failed, code);
        Assert.Equal("", output.ToString());
        Assert.StartsWith("stateless-seed: ", error.ToString(), StringComparison.Ordinal);
        Assert.Contains($"127.0.0.1:{port}", error.ToString(), StringComparison.Ordinal);
        Assert.Contains(expected, error.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, error.ToString().Count(c => c == '\n'));
    }

    public void Dispose() => _repository.Dispose();

    private sealed partial class Run : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly LineWatcher _output = new();
        private readonly StringWriter _error = new();
        private Task<int> _code = Task.FromResult(0);

        public required HttpClient Http { get; init; }

        public int Releases { get; private set; }

        public string Error => _error.ToString();

        public static async Task<Run> StartAsync(string directory)
        {
            var run = new Run { Http = new HttpClient() };
            var error = TextWriter.Synchronized(run._error);
            var command = new SeedCommand(run._output, error, TimeProvider.System, new SystemdNotifier(null));
            run._code = command.RunAsync(
                ["--repo", directory, "--listen", "127.0.0.1", "--http-port", "0", "--peer-port", "0", "--no-mdns"],
                run._stop.Token
            );
            var line = await run._output.FirstLine.WaitAsync(Patience);
            var ready = ReadyLine().Match(line);
            Assert.True(ready.Success, line);
            run.Http.BaseAddress = new Uri($"http://127.0.0.1:{ready.Groups["http"].Value}/");
            run.Releases = int.Parse(ready.Groups["releases"].Value);
            return run;
        }

        public async Task WaitForAsync(string health)
        {
            using var deadline = new CancellationTokenSource(Patience, TimeProvider.System);
            while (!(await Http.GetStringAsync("healthz", deadline.Token)).Contains(health, StringComparison.Ordinal))
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, deadline.Token);
        }

        public async Task<int> StopAsync()
        {
            await _stop.CancelAsync();
            return await _code.WaitAsync(Patience);
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            Http.Dispose();
            _stop.Dispose();
            await _output.DisposeAsync();
            await _error.DisposeAsync();
        }

        [GeneratedRegex(
            "^stateless-seed ready: http=(?<http>[0-9]+) peers=[0-9]+ releases=(?<releases>[0-9]+)$",
            RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
        )]
        private static partial Regex ReadyLine();
    }

    /// <summary>Gives the first line written.</summary>
    private sealed class LineWatcher : StringWriter
    {
        private readonly TaskCompletionSource<string> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> FirstLine => _first.Task;

        public override Task WriteLineAsync(string? value)
        {
            _first.TrySetResult(value ?? "");
            return base.WriteLineAsync(value);
        }
    }
}
