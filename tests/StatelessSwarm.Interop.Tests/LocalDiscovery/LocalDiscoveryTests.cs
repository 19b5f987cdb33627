using StatelessSwarm.Interop.Tests.Stateless;
using StatelessSwarm.Testing;
using StatelessSwarm.Testing.Networks;
using StatelessSwarm.Testing.Processes;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Interop.Tests.LocalDiscovery;

/// <summary>
/// <c>stateless torrent</c> and foreign clients on two machines (network namespaces joined by a cable) that know nothing of each
/// other: what is fetched was found by local service discovery. Needs root, python3-libtorrent and aria2.
/// </summary>
public sealed class LocalDiscoveryTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly Dictionary<string, string> NoVariables = [];

    private NetworkNamespace _ours = null!;
    private NetworkNamespace _theirs = null!;
    private SampleTorrent _sample = null!;
    private string _torrent = "";

    public async ValueTask InitializeAsync()
    {
        _ours = await NetworkNamespace.CreateAsync();
        _theirs = await NetworkNamespace.CreateAsync();
        await NetworkNamespace.ConnectAsync(_ours, "ours0", "10.79.0.1/24", _theirs, "theirs0", "10.79.0.2/24");
        _sample = await SampleTorrent.CreateAsync(64 * 1024, 2_000_000);
        _torrent = Path.Combine(_sample.Directory, "sample.torrent");
        await File.WriteAllBytesAsync(_torrent, _sample.MetainfoBytes);
        // Where every client looks for the content of a torrent of this name.
        Directory.CreateSymbolicLink(Path.Combine(_sample.Directory, "sample"), Path.Combine(_sample.Directory, "source"));
    }

    public async ValueTask DisposeAsync()
    {
        _sample.Dispose();
        await _ours.DisposeAsync();
        await _theirs.DisposeAsync();
    }

    [Fact]
    public async Task LibtorrentSeeds_WeGet_FoundOnTheLink()
    {
        await using var theirs = Libtorrent(_sample.Directory, "--seed");
        await theirs.WaitForAsync("seeding", Patience);
        await using var ours = Stateless("get", _torrent, "--output", Target());
        await WaitForAsync(ours, "complete: ", theirs);
        Assert.True(_sample.IsIdentical(Path.Combine("target", "sample")));
    }

    [Fact]
    public async Task WeServe_LibtorrentGets_FoundOnTheLink()
    {
        await using var ours = Stateless("serve", _torrent, _sample.Directory);
        await ours.WaitForAsync("ready", Patience);
        await using var theirs = Libtorrent(Target());
        await WaitForAsync(theirs, "seeding after", ours);
        Assert.True(_sample.IsIdentical(Path.Combine("target", "sample")));
    }

    [Fact]
    public async Task Aria2Seeds_WeGet_FoundOnTheLink()
    {
        // aria2 announces when it starts and then after five minutes, and a seed of it calls nobody: so ours is there first.
        await using var ours = Stateless("get", _torrent, "--output", Target());
        await ours.WaitForAsync("ready", Patience);
        await using var theirs = Aria2(_sample.Directory, "--check-integrity=true");
        await WaitForAsync(ours, "complete: ", theirs);
        Assert.True(_sample.IsIdentical(Path.Combine("target", "sample")));
    }

    [Fact]
    public async Task WeServe_Aria2Gets_FoundOnTheLink()
    {
        await using var ours = Stateless("serve", _torrent, _sample.Directory);
        await ours.WaitForAsync("ready", Patience);
        await using var theirs = Aria2(Target());
        await WaitForAsync(theirs, "Download complete", ours);
        Assert.True(_sample.IsIdentical(Path.Combine("target", "sample")));
    }

    [Fact]
    public async Task TwoOfOurs_OnOneLink_FindEachOther()
    {
        await using var seed = Stateless("serve", _torrent, _sample.Directory);
        await seed.WaitForAsync("ready", Patience);
        await using var leech = Run(_theirs, StatelessProgram.Path, "torrent", "get", _torrent, "--output", Target());
        await WaitForAsync(leech, "complete: ", seed);
        Assert.True(_sample.IsIdentical(Path.Combine("target", "sample")));
    }

    private string Target() => Directory.CreateDirectory(Path.Combine(_sample.Directory, "target")).FullName;

    private LineProcess Stateless(params string[] arguments) => Run(_ours, StatelessProgram.Path, ["torrent", .. arguments]);

    private LineProcess Libtorrent(string directory, params string[] more) =>
        Run(
            _theirs,
            "/usr/bin/python3",
            [
                Path.Combine(RepositoryRoot.Path, "testbed", "peers", "lt_peer.py"),
                _torrent,
                directory,
                "--errors",
                "--listen",
                "10.79.0.2",
                .. more,
            ]
        );

    private LineProcess Aria2(string directory, params string[] more) =>
        Run(
            _theirs,
            "aria2c",
            [
                "--no-conf",
                "--enable-dht=false",
                "--enable-dht6=false",
                "--bt-enable-lpd=true",
                "--bt-lpd-interface=theirs0",
                "--listen-port=6999",
                "--seed-ratio=0",
                "--file-allocation=none",
                "--console-log-level=notice",
                "--summary-interval=0",
                $"--dir={directory}",
                .. more,
                _torrent,
            ]
        );

    private static LineProcess Run(NetworkNamespace where, string program, params string[] arguments) =>
        where.Start(LineProcess.Guarded(program, arguments), NoVariables);

    private static async Task WaitForAsync(LineProcess getter, string text, LineProcess seed)
    {
        try
        {
            await getter.WaitForAsync(text, Patience);
        }
        catch (TimeoutException fault)
        {
            Assert.Fail($"{fault.Message}\nthe other side wrote:\n{seed.Written}");
        }
    }
}
