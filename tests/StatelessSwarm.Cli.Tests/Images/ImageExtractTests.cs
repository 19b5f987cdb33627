using StatelessSwarm.Cli.Tests.Support;

namespace StatelessSwarm.Cli.Tests.Images;

/// <summary>Images unpacked again, and checked against veritysetup's hash.</summary>
public sealed class ImageExtractTests : IDisposable
{
    // Names, kinds, modes, owners, devices, hard links, sizes on disk, attributes and content of every entry below a directory.
    private const string Listing =
        "find . -printf '%P %y %m %U:%G %n %s %l\\n' | grep -v ' d ' | sort; find . -type b -o -type c | sort | xargs -r stat -c '%n %t %T'; "
        + "find . -samefile file -printf '%P\\n' | sort; getfattr -R -d -m - -h . 2>/dev/null; find . -type f -print0 | sort -z | xargs -0 sha256sum";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>Everything a root file system has comes back, entry by entry; ACLs from EROFS alone. Needs root for owners and devices.</summary>
    [Theory]
    [InlineData("squashfs")]
    [InlineData("erofs")]
    public async Task Extract_Image_GivesEveryEntryBack(string format)
    {
        string[] options = ["--format", format, "--level", "1"];
        await MakeTreeAsync(withDevices: true);
        if (format == "erofs")
            await Shell.RunAsync(_directory["tree"], "setfacl -m u:1234:r deep/random && getcap deep/random | grep -q cap_net_raw");
        await RunAsync(0, ["image", "build", _directory["tree"], "-o", _directory["root.img"], .. options]);
        var run = await RunAsync(0, "image", "extract", _directory["root.img"], _directory["back"]);
        Assert.Contains($"{format} image extracted", run.Out, StringComparison.Ordinal);
        var before = await Shell.RunAsync(_directory["tree"], Listing);
        Assert.Contains("security.capability", before, StringComparison.Ordinal);
        Assert.Contains("user.origin", before, StringComparison.Ordinal);
        Assert.Equal(format == "erofs", before.Contains("posix_acl_access", StringComparison.Ordinal));
        Assert.Equal(before, await Shell.RunAsync(_directory["back"], Listing));
        Assert.True((await Shell.RunAsync(_directory["back"], "stat -c '%b' sparse")).Trim() is "0" or "8");
    }

    /// <summary>SquashFS has no place for ACLs: the build says so.</summary>
    [Fact]
    public async Task Build_SquashFsOfATreeWithAcls_SaysThatTheyAreLost()
    {
        await MakeTreeAsync(withDevices: false);
        await Shell.RunAsync(_directory["tree"], "setfacl -m u:1234:r deep/random sparse");
        var run = await RunAsync(0, "image", "build", _directory["tree"], "-o", _directory["root.img"], "--level", "1");
        Assert.Contains("2 POSIX ACL(s) or other attributes left out", run.Error, StringComparison.Ordinal);
        var erofs = await RunAsync(0, "image", "build", _directory["tree"], "-o", _directory["root.img"], "--format", "erofs", "--json");
        Assert.Contains("\"lost_attributes\": 0", erofs.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Extract_DirectoryThere_OrNoImage_TouchesNothing()
    {
        Directory.CreateDirectory(_directory["back"]);
        await File.WriteAllTextAsync(_directory["text"], "no image", TestContext.Current.CancellationToken);
        await RunAsync(5, "image", "extract", _directory["none"], _directory["new"]);
        Assert.NotEqual(0, (await CommandRun.RunAsync("image", "extract", _directory["text"], _directory["new"])).Code);
        await RunAsync(2, "image", "extract", _directory["text"], _directory["back"]);
        Assert.Equal(["back", "text"], Directory.GetFileSystemEntries(_directory.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    /// <summary>The same root as veritysetup's, with a salt and without; another one ends with 3.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("00112233445566778899aabbccddeeff")]
    public async Task Verify_Image_HasVeritysetupsRoot(string salt)
    {
        await MakeTreeAsync(withDevices: false);
        await RunAsync(0, "image", "build", _directory["tree"], "-o", _directory["root.img"], "--level", "1");
        var format = await Shell.RunAsync(_directory.Path, $"/usr/sbin/veritysetup format root.img tree.img --salt={(salt.Length > 0 ? salt : "-")}");
        var root = format.Split('\n').Single(line => line.StartsWith("Root hash:", StringComparison.Ordinal)).Split('\t', ' ')[^1].Trim();
        var run = await RunAsync(0, "image", "verify", _directory["root.img"], "--root-hash", root, "--salt", salt);
        Assert.Contains(root, run.Out, StringComparison.Ordinal);
        var other = await RunAsync(3, "image", "verify", _directory["root.img"], "--root-hash", new string('0', 64), "--salt", salt);
        Assert.Contains($"dm-verity root {root}, expected", other.Error, StringComparison.Ordinal);
        Assert.Contains(root, (await RunAsync(0, "image", "verify", _directory["root.img"], "--json", "--salt", salt)).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--root-hash", "12")]
    [InlineData("--salt", "xyz")]
    public async Task Verify_NoHash_IsUsage(string option, string value)
    {
        await File.WriteAllBytesAsync(_directory["image"], new byte[4096], TestContext.Current.CancellationToken);
        await RunAsync(2, "image", "verify", _directory["image"], option, value);
        await RunAsync(5, "image", "verify", _directory["none"]);
        await File.WriteAllBytesAsync(_directory["image"], new byte[4097], TestContext.Current.CancellationToken);
        await RunAsync(1, "image", "verify", _directory["image"]);
    }

    private async Task MakeTreeAsync(bool withDevices)
    {
        const string Plain =
            "mkdir -p tree/deep/er && cd tree && echo one > file && ln file 'deep/hard link' && ln -s ../file deep/er/link && printf x > $'odd\\tname' "
            + "&& truncate -s 1M sparse && chmod 4755 file && mkfifo pipe && head -c 300000 /dev/urandom > deep/random";
        const string Devices =
            " && mknod null c 1 3 && mknod disk b 8 1 && chown -h 1234:5678 deep/er/link file && setfattr -n user.origin -v here deep/random "
            + "&& setcap cap_net_raw+ep deep/random";
        await Shell.RunAsync(_directory.Path, Plain + (withDevices ? Devices : ""));
    }

    private static async Task<CommandRun> RunAsync(int expected, params string[] arguments)
    {
        var run = await CommandRun.RunAsync(arguments);
        Assert.True(run.Code == expected, $"{string.Join(' ', arguments)}: {run.Code}: {run.Error}");
        return run;
    }
}
