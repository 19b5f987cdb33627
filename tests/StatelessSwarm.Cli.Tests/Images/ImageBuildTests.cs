using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using StatelessSwarm.Cli.Tests.Support;

namespace StatelessSwarm.Cli.Tests.Images;

/// <summary>
/// Images are built by the real mksquashfs and mkfs.erofs. Goal: equal trees give equal bytes, whatever order and time they were
/// copied in. Method: one tree is made in name order, the other in the opposite order with other time stamps.
/// </summary>
public sealed class ImageBuildTests : IDisposable
{
    private const int FileCount = 80;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("squashfs")]
    [InlineData("erofs")]
    public async Task Build_TwoCopiesOfATree_AreEqual(string format)
    {
        await MakeTreeAsync("first", ascending: true, time: "2001-02-03");
        await MakeTreeAsync("second", ascending: false, time: "2024-05-06");

        var first = await BuildAsync("first", "first.img", "--format", format, "--level", "3");
        var second = await BuildAsync("second", "second.img", "--format", format, "--level", "3");

        Assert.Equal(Hash("first.img"), Hash("second.img"));
        Assert.Equal(Hash("first.img"), first.GetProperty("sha256").GetString());
        Assert.Equal(FileCount + 8, first.GetProperty("entries").GetInt64());
        Assert.Equal(new FileInfo(_directory["first.img"]).Length, second.GetProperty("bytes").GetInt64());
    }

    [Theory]
    [InlineData("squashfs")]
    [InlineData("erofs")]
    public async Task Build_TreeWithSocket_LeavesItOutAndSaysSo(string format)
    {
        await MakeTreeAsync("first", ascending: true, time: "2001-02-03");
        await BuildAsync("first", "without.img", "--format", format);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(_directory["first/d2/a socket"]));

        var run = await CommandRun.RunAsync("image", "build", _directory["first"], "-o", _directory["with.img"], "--format", format);

        Assert.Equal(0, run.Code);
        Assert.Contains("1 socket(s) left out", run.Error, StringComparison.Ordinal);
        Assert.Equal(Hash("without.img"), Hash("with.img"));
    }

    [Fact]
    public async Task Build_SquashFs_UnpacksToTheTree()
    {
        await MakeTreeAsync("first", ascending: true, time: "2001-02-03");
        await BuildAsync("first", "first.img");
        await Shell.RunAsync(_directory.Path, "unsquashfs -no-progress -d back first.img >/dev/null");
        const string Listing = "find . -printf '%P %y %m %n %s %l\\n' | grep -v ' d ' | sort; find . -type f -print0 | sort -z | xargs -0 sha256sum";
        Assert.Equal(
            await Shell.RunAsync(_directory["first"], Listing),
            await Shell.RunAsync(_directory["back"], Listing)
        );
        Assert.All(
            Directory.GetFiles(_directory["back"], "*", SearchOption.AllDirectories),
            path => Assert.Equal(DateTime.UnixEpoch, File.GetLastWriteTimeUtc(path))
        );
    }

    [Theory]
    [InlineData("squashfs")]
    [InlineData("erofs")]
    public async Task Build_SourceDateEpoch_IsUsedAndChangesBytes(string format)
    {
        await MakeTreeAsync("first", ascending: true, time: "2001-02-03");
        await BuildAsync("first", "zero.img", "--format", format);
        foreach (var name in new[] { "a.img", "b.img" })
        {
            var run = await CommandRun.RunAsync(
                variable => variable == "SOURCE_DATE_EPOCH" ? "1000000000" : Environment.GetEnvironmentVariable(variable),
                "image", "build", _directory["first"], "-o", _directory[name], "--format", format
            );
            Assert.Equal(0, run.Code);
        }
        Assert.Equal(Hash("a.img"), Hash("b.img"));
        Assert.NotEqual(Hash("zero.img"), Hash("a.img"));
    }

    [Theory]
    [InlineData("squashfs", "tar --sort=name -cf archive.tar -C first .")]
    [InlineData("erofs", "tar -czf archive.tar -C first .")]
    public async Task Build_Tar_EqualsItsTree(string format, string script)
    {
        await MakeTreeAsync("first", ascending: true, time: "2001-02-03");
        await Shell.RunAsync(_directory.Path, script);
        var fromTree = await BuildAsync("first", "tree.img", "--format", format);
        var fromTar = await BuildAsync("archive.tar", "tar.img", "--format", format);
        Assert.Equal(fromTree.GetProperty("sha256").GetString(), fromTar.GetProperty("sha256").GetString());
        Assert.Empty(Directory.GetFileSystemEntries(_directory.Path, ".*"));
    }

    [Theory]
    [InlineData("squashfs", "mksquashfs", "squashfs-tools")]
    [InlineData("erofs", "mkfs.erofs", "erofs-utils")]
    public async Task Build_ProgramMissing_NamesThePackage(string format, string program, string package)
    {
        Directory.CreateDirectory(_directory["first"]);
        var run = await CommandRun.RunAsync(
            variable => variable == "PATH" ? _directory.Path : null,
            "image", "build", _directory["first"], "-o", _directory["x.img"], "--format", format
        );
        Assert.Equal(1, run.Code);
        Assert.Equal(
            $"stateless: {program} is not installed; it is in the Debian package {package} (apt-get install {package})\n",
            run.Error
        );
        Assert.False(File.Exists(_directory["x.img"]));
    }

    [Fact]
    public async Task Build_PackerFails_KeepsTheOldImageAndNoLeftovers()
    {
        Directory.CreateDirectory(_directory["bin"]);
        Directory.CreateDirectory(_directory["first"]);
        await File.WriteAllTextAsync(_directory["old.img"], "old", TestContext.Current.CancellationToken);
        await Shell.RunAsync(
            _directory["bin"],
            "printf '#!/bin/sh\\necho partial > \"$2\"\\necho it burns >&2\\nexit 3\\n' > mksquashfs; chmod +x mksquashfs"
        );
        var run = await CommandRun.RunAsync(
            variable => variable == "PATH" ? _directory["bin"] + ":" + Environment.GetEnvironmentVariable("PATH") : null,
            "image", "build", _directory["first"], "-o", _directory["old.img"]
        );
        Assert.Equal(1, run.Code);
        Assert.Equal("stateless: mksquashfs ended with code 3: it burns\n", run.Error);
        Assert.Equal("old", await File.ReadAllTextAsync(_directory["old.img"], TestContext.Current.CancellationToken));
        Assert.Empty(Directory.GetFileSystemEntries(_directory.Path, ".*"));
    }

    [Theory]
    [InlineData("nothing", "x.img", 5)]
    [InlineData("first", "first/x.img", 2)]
    [InlineData("first", "first", 2)]
    [InlineData("first", "no/such/x.img", 1)]
    public async Task Build_WrongPlaces_AreRefused(string source, string output, int code)
    {
        Directory.CreateDirectory(_directory["first"]);
        var run = await CommandRun.RunAsync("image", "build", _directory[source], "-o", _directory[output]);
        Assert.Equal(code, run.Code);
        Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("squashfs", "0")]
    [InlineData("squashfs", "23")]
    [InlineData("erofs", "13")]
    public async Task Build_LevelOutOfRange_IsUsage(string format, string level)
    {
        Directory.CreateDirectory(_directory["first"]);
        var run = await CommandRun.RunAsync("image", "build", _directory["first"], "-o", _directory["x"], "--format", format, "--level", level);
        Assert.Equal(2, run.Code);
    }

    [Theory]
    [InlineData("squashfs")]
    [InlineData("erofs")]
    public async Task Inspect_BuiltImage_SaysWhatItIs(string format)
    {
        await MakeTreeAsync("first", ascending: true, time: "2001-02-03");
        await BuildAsync("first", "x.img", "--format", format);
        var run = await CommandRun.RunAsync("image", "inspect", _directory["x.img"], "--json");
        Assert.Equal(0, run.Code);
        using var json = JsonDocument.Parse(run.Out);
        Assert.Equal(format, json.RootElement.GetProperty("format").GetString());
        Assert.Equal(Hash("x.img"), json.RootElement.GetProperty("sha256").GetString());
        Assert.Equal(new FileInfo(_directory["x.img"]).Length, json.RootElement.GetProperty("bytes").GetInt64());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(5000)]
    public async Task Inspect_NoImage_FailsWithOneLine(int length)
    {
        await File.WriteAllBytesAsync(_directory["x.img"], new byte[length], TestContext.Current.CancellationToken);
        var run = await CommandRun.RunAsync("image", "inspect", _directory["x.img"]);
        Assert.Equal(1, run.Code);
        Assert.Contains("x.img", run.Error, StringComparison.Ordinal);
        Assert.Equal(5, (await CommandRun.RunAsync("image", "inspect", _directory["none"])).Code);
    }

    private async Task<JsonElement> BuildAsync(string source, string output, params string[] more)
    {
        var run = await CommandRun.RunAsync(["image", "build", _directory[source], "-o", _directory[output], "--json", .. more]);
        Assert.True(run.Code == 0, run.Error);
        using var json = JsonDocument.Parse(run.Out);
        return json.RootElement.Clone();
    }

    private string Hash(string name) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(_directory[name])));

    private async Task MakeTreeAsync(string name, bool ascending, string time)
    {
        var tree = _directory[name];
        Directory.CreateDirectory(tree);
        var order = Enumerable.Range(0, FileCount);
        await Shell.RunAsync(tree, ascending ? "mkdir d1 d2 d2/sub" : "mkdir d2 d2/sub d1");
        foreach (var number in ascending ? order : order.Reverse())
        {
            var content = new byte[number * 1717];
            // every fourth file compresses, every tenth is the one before it
            if (number % 4 != 0)
                new Random(number % 10 == 0 ? number - 1 : number).NextBytes(content);
            await File.WriteAllBytesAsync(Path.Combine(tree, $"d{1 + number % 2}/file{number}"), content, TestContext.Current.CancellationToken);
        }
        // special files and links, after the files or before the rest of the directory's entries
        await Shell.RunAsync(
            tree,
            $"""
            ln d2/file5 d1/hard 2>/dev/null || ln d1/file4 d1/hard
            ln -s ../d1/file2 d2/sub/link
            ln -s /nowhere d2/dangling
            mkfifo d2/fifo
            if [ "$(id -u)" = 0 ]; then mknod d2/null c 1 3; else : > d2/null; fi
            chmod 4755 d1/file2; chmod 0600 d2/file3; chmod 0755 . d1 d2 d2/sub
            find . -exec touch -h -d {time} '{'{'}{'}'}' +
            """
        );
    }
}
