using StatelessSwarm.Cli.Tests.Support;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Cli.Tests.Torrents;

public sealed class TorrentCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public TorrentCommandTests()
    {
        Directory.CreateDirectory(_directory["tree/bin"]);
        File.WriteAllBytes(_directory["tree/a.txt"], [.. Enumerable.Range(0, 20_000).Select(i => (byte)(i % 251))]);
        File.WriteAllBytes(_directory["tree/bin/run"], new byte[40_000]);
        File.SetUnixFileMode(_directory["tree/bin/run"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllBytes(_directory["tree/empty"], []);
        File.CreateSymbolicLink(_directory["tree/link"], "a.txt");
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("", true, true)]
    [InlineData("--hybrid", true, true)]
    [InlineData("--v1", true, false)]
    [InlineData("--v1 --pad", true, false)]
    [InlineData("--v2", false, true)]
    public async Task Create_OfEveryKind_IsVerifiedAndShown(string options, bool hasV1, bool hasV2)
    {
        var torrent = _directory["tree.torrent"];
        var made = await CommandRun.RunAsync([
            "torrent", "create", _directory["tree"], "-o", torrent, "--piece-length", "16384", "--private",
            "--comment", "for tests", "--created-by", "us", "--announce", "http://a/announce", "--announce", "http://b/announce",
            .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        ]);
        Assert.Equal(0, made.Code);
        var metainfo = Metainfo.Parse(await File.ReadAllBytesAsync(torrent, TestContext.Current.CancellationToken));
        var info = metainfo.Info;
        Assert.Equal((hasV1, hasV2), (info.V1Hash is not null, info.V2Hash is not null));
        Assert.Equal([("a.txt", false), ("bin/run", true), ("empty", false)], info.Files.Select(file => (file.Path, file.IsExecutable)));
        Assert.Equal(hasV2 || options.Contains("--pad", StringComparison.Ordinal) ? 32768 : 20_000, info.Files[1].Offset);
        Assert.True(info.IsPrivate);
        Assert.Equal([["http://a/announce"], ["http://b/announce"]], metainfo.TrackerTiers);
        var shown = await CommandRun.RunAsync("torrent", "info", torrent);
        foreach (var text in (string[])["private  yes", "comment  for tests", "made by  us", "bin/run*"])
            Assert.Contains(text, shown.Out, StringComparison.Ordinal);
        var verified = await CommandRun.RunAsync("torrent", "verify", torrent, _directory.Path);
        Assert.Equal((0, 1), (verified.Code, verified.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length));
    }

    [Theory]
    [InlineData("--v1")]
    [InlineData("--v2")]
    [InlineData("--hybrid")]
    public async Task Verify_BadFiles_AreNamed(string kind)
    {
        var torrent = _directory["tree.torrent"];
        await CommandRun.RunAsync("torrent", "create", _directory["tree"], "-o", torrent, "--piece-length", "16384", kind);
        File.Delete(_directory["tree/empty"]);
        await File.AppendAllTextAsync(_directory["tree/a.txt"], "x", TestContext.Current.CancellationToken);
        var bytes = await File.ReadAllBytesAsync(_directory["tree/bin/run"], TestContext.Current.CancellationToken);
        bytes[^1] = 1;
        await File.WriteAllBytesAsync(_directory["tree/bin/run"], bytes, TestContext.Current.CancellationToken);
        var run = await CommandRun.RunAsync("torrent", "verify", torrent, _directory.Path);
        Assert.Equal(1, run.Code);
        var lines = run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal($"{_directory["tree/a.txt"]}: has 20001 bytes, the torrent says 20000", lines[0]);
        Assert.Matches("bin/run: 1 of [34] pieces wrong$", lines[1]);
        Assert.Equal($"{_directory["tree/empty"]}: missing", lines[2]);
        Assert.Contains("pieces right", lines[3], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--v1 --v2", "exclude one another")]
    [InlineData("--v2 --pad", "--pad goes with --v1")]
    [InlineData("--pad", "--pad goes with --v1")]
    [InlineData("--piece-length 5", "--piece-length 5: a power of two from 16K to 16M expected")]
    [InlineData("--piece-length 48K", "--piece-length 48K: a power of two")]
    [InlineData("--piece-length much", "--piece-length much: a power of two")]
    [InlineData("--announce seed", "--announce seed: a URL expected")]
    [InlineData("--web-seed ftp://seed/", "--web-seed ftp://seed/: an http or https URL expected")]
    public async Task Create_WrongOptions_AreAUsageFault(string options, string expected)
    {
        var run = await CommandRun.RunAsync(["torrent", "create", _directory["tree"], "-o", _directory["x.torrent"], .. options.Split(' ')]);
        Assert.Equal(2, run.Code);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_directory["x.torrent"]));
    }

    [Theory]
    [InlineData("info")]
    [InlineData("verify")]
    [InlineData("serve")]
    [InlineData("get")]
    public async Task Torrent_ThatIsNotThere_IsCodeFive(string command)
    {
        string[] where = command switch
        {
            "info" => [],
            "get" => ["-o", _directory.Path],
            _ => [_directory.Path],
        };
        var run = await CommandRun.RunAsync(["torrent", command, _directory["none.torrent"], .. where]);
        Assert.Equal((5, $"stateless: {_directory["none.torrent"]}: no such file\n"), (run.Code, run.Error));
    }

    [Fact]
    public async Task Verify_HybridThatContradictsItself_SaysSoAndFails()
    {
        using var sample = await SampleTorrent.CreateInconsistentAsync(16 * 1024, 20_000, 100_000);
        Directory.Move(Path.Combine(sample.Directory, "source"), Path.Combine(sample.Directory, "sample"));
        var run = await CommandRun.RunAsync("torrent", "verify", sample.TorrentPath, sample.Directory);
        Assert.Equal(1, run.Code);
        Assert.Equal(
            ["sample: inconsistent hybrid: in 1 pieces the v1 and the v2 hash are of different content; no client can have both", "sample: 7 of 7 pieces right, 97.7 KiB of 97.7 KiB"],
            run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        );
    }
}
