using System.Security.Cryptography;
using StatelessSwarm.Content.Bencoding;
using StatelessSwarm.Testing;
using StatelessSwarm.Testing.Networks;
using StatelessSwarm.Testing.Processes;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Interop.Tests.LocalDiscovery;

/// <summary>
/// <c>stateless torrent</c> and foreign clients on two machines (network namespaces joined by a cable) that know
/// nothing of each other: what is fetched was found by local service discovery. Needs root, python3-libtorrent and
/// aria2.
/// </summary>
public sealed class LocalDiscoveryTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly Dictionary<string, string> NoVariables = [];
    private static readonly string Stateless = BuiltProgram.PathOf("StatelessSwarm.Cli", "stateless");

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
        await using var ours = Ours("get", _torrent, "--output", Target());
        await WaitForAsync(ours, "complete: ", theirs);
        Assert.True(_sample.IsIdentical(Path.Combine("target", "sample")));
    }

    [Fact]
    public async Task WeServe_LibtorrentGets_FoundOnTheLink()
    {
        await using var ours = Ours("serve", _torrent, _sample.Directory);
        await ours.WaitForAsync("ready", Patience);
        await using var theirs = Libtorrent(Target());
        await WaitForAsync(theirs, "seeding after", ours);
        Assert.True(_sample.IsIdentical(Path.Combine("target", "sample")));
    }

    /// <summary>
    /// aria2 up to 1.36 takes part in no hybrid torrent, because it leaves out the empty keys of the file tree when it
    /// hashes the info dictionary; so what is tried here is the discovery alone, of a v1 torrent. aria2 announces when
    /// it starts and then every five minutes, so it hears of us by our answer.
    /// </summary>
    [Fact]
    public async Task Aria2_ThatStartsLater_HearsOfUsAndWeOfIt()
    {
        var (torrent, hash) = await WriteV1TorrentAsync();
        await using var ours = _ours.Start(BuiltProgram.PathOf("StatelessSwarm.Discovery.Probe"), "--lsd", "7777", hash);
        await ours.WaitForAsync("started", Patience);
        await using var theirs = Aria2(torrent);
        await WaitForAsync(ours, $"found {hash} 10.79.0.2:6999", theirs);
        await WaitForAsync(theirs, "LPD peer 10.79.0.1:7777", ours);
    }

    [Fact]
    public async Task TwoOfOurs_OnOneLink_FindEachOther()
    {
        await using var seed = Ours("serve", _torrent, _sample.Directory);
        await seed.WaitForAsync("ready", Patience);
        await using var leech = Run(_theirs, Stateless, "torrent", "get", _torrent, "--output", Target());
        await WaitForAsync(leech, "complete: ", seed);
        Assert.True(_sample.IsIdentical(Path.Combine("target", "sample")));
    }

    private string Target() => Directory.CreateDirectory(Path.Combine(_sample.Directory, "target")).FullName;

    private LineProcess Ours(params string[] arguments) => Run(_ours, Stateless, ["torrent", .. arguments]);

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

    private LineProcess Aria2(string torrent) =>
        Run(
            _theirs,
            "aria2c",
            "--no-conf",
            "--enable-dht=false",
            "--enable-dht6=false",
            "--bt-enable-lpd=true",
            "--bt-lpd-interface=theirs0",
            "--listen-port=6999",
            "--file-allocation=none",
            "--log=-",
            "--log-level=debug",
            "--summary-interval=0",
            $"--dir={Target()}",
            torrent
        );

    private async Task<(string Path, string Hash)> WriteV1TorrentAsync()
    {
        var info = new BencodeWriter();
        info.StartDictionary();
        info.WriteEntry("length"u8, 16_384);
        info.WriteEntry("name"u8, "v1.bin");
        info.WriteEntry("piece length"u8, 16_384);
        info.WriteEntry("pieces"u8, new byte[20]);
        info.End();
        var bytes = info.ToArray();
        var path = Path.Combine(_sample.Directory, "v1.torrent");
        await File.WriteAllBytesAsync(path, [.. "d4:info"u8, .. bytes, (byte)'e']);
#pragma warning disable CA5350 // SHA-1 is what BEP 3 names torrents by
        return (path, Convert.ToHexStringLower(SHA1.HashData(bytes)));
#pragma warning restore CA5350
    }

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
