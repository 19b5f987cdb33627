using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Testing.Processes;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Aot.Tests;

/// <summary>The program as users get it: one native file, small, and doing the whole job.</summary>
public sealed class NativeProgramTests(PublishedProgram program) : IClassFixture<PublishedProgram>
{
    private const long MiB = 1024 * 1024;

    // An initramfs carries the program and loads it into memory before anything else.
    private const long SizeBudget = 20 * MiB;

    // DESIGN: a node needs less than this however large the image.
    private const long MemoryBudget = 128 * MiB;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public void Publish_Output_HasNoWarnings() =>
        Assert.DoesNotContain("warning", program.PublishOutput, StringComparison.OrdinalIgnoreCase);

    [Fact]
    public void Program_Size_IsWithinTheBudget()
    {
        Assert.Equal("\u007fELF"u8, File.ReadAllBytes(program.Path).AsSpan(0, 4));
        Assert.InRange(new FileInfo(program.Path).Length, MiB, SizeBudget);
    }

    [Fact]
    public async Task Help_EveryCommand_Works()
    {
        string[] commands = ["image", "key", "repo", "publish", "torrent", "node", "update", "status", "activate", "rollback", "boot", "trust"];
        foreach (var command in commands)
        {
            var (code, output) = await LineProcess.RunAsync(Patience, program.Path, command, "--help");
            Assert.True(code == 0 && output.Contains("Usage:", StringComparison.Ordinal), $"{command}: {code}\n{output}");
        }
    }

    [Fact]
    public async Task Download_256MiB_IsIdenticalAndWithinTheMemoryBudget()
    {
        // Both ends are the native program: one serves, one downloads and then serves until its memory has been read.
        using var sample = await SampleTorrent.CreateAsync(256 * 1024, (int)(256 * MiB));
        var torrent = Path.Combine(sample.Directory, "sample.torrent");
        await File.WriteAllBytesAsync(torrent, sample.MetainfoBytes);
        Directory.CreateSymbolicLink(Path.Combine(sample.Directory, "sample"), Path.Combine(sample.Directory, "source"));
        await using var seed = LineProcess.StartForeign(
            program.Path,
            "torrent", "serve", torrent, sample.Directory, "--port", "0", "--listen", "127.0.0.1"
        );
        var port = (await seed.WaitForAsync("ready: peers=", Patience)).Split('=')[1];
        await using var node = LineProcess.StartForeign(
            program.Path,
            "torrent", "get", torrent, "-o", Path.Combine(sample.Directory, "copy"), "--port", "0", "--listen", "127.0.0.1",
            "--peer", $"127.0.0.1:{port}", "--seed-after"
        );
        await node.WaitForAsync("complete: ", Patience);
        var (nodeMemory, seedMemory) = (PublishedProgram.PeakMemory(node.Id), PublishedProgram.PeakMemory(seed.Id));
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"program {new FileInfo(program.Path).Length} bytes, peak memory node {nodeMemory} seed {seedMemory} bytes"
        );
        Assert.True(sample.IsIdentical(Path.Combine("copy", "sample")));
        Assert.InRange(nodeMemory, 0, MemoryBudget);
        Assert.InRange(seedMemory, 0, MemoryBudget);
    }

    [Fact]
    public async Task Update_FromARepository_DownloadsVerifiesAndStages()
    {
        // The native program publishes; the files are served by a plain peer in this process; the native node takes part by hand.
        var directory = Directory.CreateTempSubdirectory("ss-aot-").FullName;
        try
        {
            var tree = Directory.CreateDirectory(Path.Combine(directory, "tree")).FullName;
            var noise = new byte[3 * MiB];
            new Random(5).NextBytes(noise);
            await File.WriteAllBytesAsync(Path.Combine(tree, "noise"), noise);
            await RunAsync(directory, "key", "new", "-o", "k");
            await RunAsync(directory, "repo", "init", "repo", "--key", "k");
            await RunAsync(directory, "image", "build", "tree", "-o", "root.squashfs");
            await RunAsync(
                directory,
                "publish", "--repo", "repo", "--product", "web", "--version", "1.0", "--root", "root.squashfs", "--channel", "stable", "--key", "k"
            );
            await RunAsync(directory, "repo", "check", "repo");
            var release = Directory.GetDirectories(Path.Combine(directory, "repo", "releases"))[0];
            var metainfo = Content.Torrents.Metainfo.Parse(
                await File.ReadAllBytesAsync(Path.Combine(release, "release.torrent"))
            );
            await using var seed = await SwarmHost.StartAsync(
                new SwarmOptions { ListenAddresses = [IPAddress.Loopback], Port = 0 },
                TimeProvider.System,
                NullLoggerFactory.Instance,
                CancellationToken.None
            );
            await seed.AddAsync(
                new TorrentAddOptions
                {
                    Metainfo = metainfo,
                    FilePaths = [.. metainfo.Info.Files.Select(file => Path.Combine(release, metainfo.Info.Name, file.Path))],
                    IsSeed = true,
                },
                CancellationToken.None
            );
            await using var server = new StaticFileServer(Path.Combine(directory, "repo"));
            await RunAsync(
                directory,
                "update", "--server", server.Address, "--follow", "web/stable", "--trust", "repo/metadata/root.mp", "--state", "state", "--run", "run",
                "--port", "0", "--no-mdns", "--no-mount", "--peer", $"127.0.0.1:{seed.Port}"
            );
            Assert.Equal(
                await File.ReadAllBytesAsync(Path.Combine(directory, "root.squashfs")),
                await File.ReadAllBytesAsync(Path.Combine(directory, "state", "roots", "current", "root.squashfs"))
            );
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private async Task RunAsync(string directory, params string[] arguments)
    {
        var (code, output) = await LineProcess.RunAsync(
            Patience,
            "env",
            ["-C", directory, program.Path, .. arguments]
        );
        Assert.True(code == 0, $"stateless {string.Join(' ', arguments)}: {code}\n{output}");
    }
}
