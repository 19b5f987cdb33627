using System.Text.Json;
using StatelessSwarm.Cli.Tests.Support;
using StatelessSwarm.Content.Chunks;

namespace StatelessSwarm.Cli.Tests.Images;

/// <summary>What <c>image diff</c> says of two files whose difference is known.</summary>
public sealed class ImageDiffTests : IDisposable
{
    private const int OldBytes = 2_000_000;
    private const int AddedBytes = 100_000;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Diff_BytesPutInTheMiddle_OnlyTheirChunksAreMissing()
    {
        var (old, added) = (Random(OldBytes, 1), Random(AddedBytes, 2));
        await File.WriteAllBytesAsync(_directory["old.img"], old);
        await File.WriteAllBytesAsync(_directory["new.img"], [.. old[..700_001], .. added, .. old[700_001..]]);

        var said = await DiffAsync("old.img", "new.img");

        Assert.Equal(OldBytes + AddedBytes, said.GetProperty("new_bytes").GetInt64());
        var missing = said.GetProperty("missing_bytes").GetInt64();
        Assert.InRange(missing, AddedBytes, AddedBytes + 2 * GearChunker.MaxBytes);
        Assert.Equal(OldBytes + AddedBytes, missing + said.GetProperty("shared_bytes").GetInt64());
        Assert.Equal(1, said.GetProperty("missing_runs").GetInt64());
        Assert.InRange(said.GetProperty("map_bytes").GetInt64(), 1, (OldBytes + AddedBytes) / 500);
    }

    [Fact]
    public async Task Diff_EqualFiles_NothingIsMissing()
    {
        await File.WriteAllBytesAsync(_directory["old.img"], Random(OldBytes, 1));
        File.Copy(_directory["old.img"], _directory["new.img"]);

        Assert.Equal(0, (await DiffAsync("old.img", "new.img")).GetProperty("missing_bytes").GetInt64());
    }

    /// <summary>Goal: every kind of difference is told, nothing else. Method: a tree, and a copy with one change of each kind and new time stamps.</summary>
    [Theory]
    [InlineData("squashfs", "squashfs", true)]
    [InlineData("erofs", "squashfs", true)]
    [InlineData("squashfs", "squashfs", false)]
    public async Task Diff_Images_NamesWhatWasAddedRemovedAndChanged(string oldFormat, string newFormat, bool asRoot)
    {
        await Shell.RunAsync(
            _directory.Path,
            """
            mkdir -p one/etc one/bin; cd one; for f in same content mode owner type caps gone; do echo $f > etc/$f; done; ln -s a etc/link; ln etc/same bin/hard; ln etc/same bin/sam; mknod bin/dev c 1 3; mkfifo bin/pipe
            cd ..; cp -a one two; cd two; echo other > etc/content; chmod 4755 etc/mode; chown 7:8 etc/owner; rm etc/type etc/gone; mkdir etc/type; setfattr -n user.x -v y etc/caps; ln -sf b etc/link
            rm bin/dev bin/sam; mknod bin/dev c 1 5; cp etc/same bin/sam; echo x > 'bin/new ü'; find . -exec touch -h -d 2001-01-01 {} +
            """
        );
        foreach (var (tree, format) in new[] { ("one", oldFormat), ("two", newFormat) })
            Assert.Equal(0, (await CommandRun.RunAsync("image", "build", _directory[tree], "-o", _directory[tree + ".img"], "--format", format, "--level", "1")).Code);
        if (!asRoot)
        {
            // unsquashfs of a test that runs as root sets owners and makes devices all the same.
            var reader = new Cli.Images.ImageFiles(new Cli.Tools.ToolLocator(Environment.GetEnvironmentVariable("PATH")), isRoot: false);
            var changes = Cli.Images.FileChanges.Between(
                await reader.ReadAsync(_directory["one.img"], TestContext.Current.CancellationToken),
                await reader.ReadAsync(_directory["two.img"], TestContext.Current.CancellationToken)
            );
            Assert.Equal((1, 1, 7), (changes.Added.Count, changes.Removed.Count, changes.Changed.Count));
            return;
        }
        var run = await CommandRun.RunAsync("image", "diff", _directory["one.img"], _directory["two.img"], "--files");
        Assert.True(run.Code == 0, run.Error);
        Assert.Equal(
            """
            files: 1 added, 1 removed, 7 changed
            A bin/new ü
            D etc/gone
            M bin/dev (device)
            M etc/caps (attributes)
            M etc/content (content)
            M etc/link (target)
            M etc/mode (mode)
            M etc/owner (owner)
            M etc/type (type)

            """,
            run.Out[(run.Out.IndexOf('\n', StringComparison.Ordinal) + 1)..]
        );
        var json = await CommandRun.RunAsync("image", "diff", _directory["one.img"], _directory["two.img"], "--json", "--files");
        var said = JsonDocument.Parse(json.Out).RootElement.GetProperty("files");
        Assert.Equal((1, 1, 7), (said.GetProperty("added").GetInt32(), said.GetProperty("removed").GetInt32(), said.GetProperty("changed").GetInt32()));
        Assert.Equal("device", said.GetProperty("changed_paths")[0].GetProperty("what").GetString());
    }

    [Fact]
    public async Task Diff_NoImage_IsSaidUnlessChunksAreEnough()
    {
        await File.WriteAllBytesAsync(_directory["old.img"], Random(OldBytes, 1));
        var run = await CommandRun.RunAsync("image", "diff", _directory["old.img"], _directory["old.img"]);
        Assert.Equal(1, run.Code);
        Assert.Contains("old.img: ", run.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await CommandRun.RunAsync("image", "diff", _directory["old.img"], _directory["old.img"], "--chunks-only")).Code);
    }

    [Fact]
    public async Task Diff_NoSuchFile_IsSaid()
    {
        var run = await CommandRun.RunAsync("image", "diff", _directory["old.img"], _directory["new.img"]);

        Assert.Equal(5, run.Code);
        Assert.Contains("old.img: no such file", run.Error, StringComparison.Ordinal);
    }

    private async Task<JsonElement> DiffAsync(string old, string wanted)
    {
        var run = await CommandRun.RunAsync("image", "diff", _directory[old], _directory[wanted], "--json", "--chunks-only");
        Assert.True(run.Code == 0, run.Error);
        return JsonDocument.Parse(run.Out).RootElement;
    }

    private static byte[] Random(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
