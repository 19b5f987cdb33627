using System.IO.Compression;
using StatelessSwarm.Cli.Booting.Initramfs;
using StatelessSwarm.Cli.Tests.Support;

namespace StatelessSwarm.Cli.Tests.Booting;

/// <summary>An initramfs from this machine's busybox, any program as the agent, and modules of a kernel that a test makes up.</summary>
public sealed class InitramfsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    private async Task MakeKernelAsync(string without = "none")
    {
        await Shell.RunAsync(
            _directory.Path,
            $"""
            mkdir -p modules/6.1.0/kernel/fs/squashfs modules/6.1.0/kernel/drivers/net/ethernet/acme modules/6.1.0/kernel/drivers/block
            cd modules/6.1.0
            for m in fs/squashfs/squashfs fs/overlay drivers/block/loop drivers/net/ethernet/acme/acme lib/helper drivers/other; do
              mkdir -p kernel/$(dirname $m); echo "module $m" > kernel/$m.ko
            done
            xz kernel/lib/helper.ko
            cat > modules.dep <<E
            kernel/fs/squashfs/squashfs.ko: kernel/lib/helper.ko.xz
            kernel/fs/overlay.ko:
            kernel/drivers/block/loop.ko:
            kernel/drivers/net/ethernet/acme/acme.ko:
            kernel/lib/helper.ko.xz:
            kernel/drivers/other.ko:
            E
            sed -i '/{without}/d' modules.dep
            echo 'kernel/fs/ext4/ext4.ko' > modules.builtin
            echo 'alias pci:acme acme' > modules.alias
            """
        );
        await File.WriteAllTextAsync(_directory["root.mp"], "trust", Cancellation);
    }

    private Task<CommandRun> MakeAsync(string output, params string[] more) =>
        CommandRun.RunAsync(
            ["boot", "initramfs", "--kernel", "6.1.0", "--modules-directory", _directory["modules"], "--trust", _directory["root.mp"], "--agent", "/bin/ls", "-o", _directory[output], .. more]
        );

    [Fact]
    public async Task Make_Initramfs_HoldsWhatABootNeeds()
    {
        await MakeKernelAsync();
        await File.WriteAllTextAsync(_directory["node.json"], "{}", Cancellation);
        var run = await MakeAsync("initrd", "--config", _directory["node.json"], "--module", "other");
        Assert.True(run.Code == 0, run.Error);
        Assert.Contains("kernel 6.1.0", run.Out, StringComparison.Ordinal);
        await Shell.RunAsync(_directory.Path, "mkdir out; cd out; gzip -dc ../initrd | cpio -i --quiet");
        var modules = "lib/modules/6.1.0/kernel";
        Assert.All(
            ["init", "bin/busybox", "usr/bin/stateless", "etc/stateless/root.mp", "etc/stateless/node.json", "lib/x86_64-linux-gnu/libc.so.6", "lib64/ld-linux-x86-64.so.2",
                "lib/x86_64-linux-gnu/libssl.so.3", "lib/x86_64-linux-gnu/libcrypto.so.3", $"{modules}/fs/squashfs/squashfs.ko", $"{modules}/drivers/net/ethernet/acme/acme.ko"],
            path => Assert.True(File.Exists(_directory["out/" + path]), path)
        );
        Assert.Equal(await File.ReadAllBytesAsync("/bin/ls", Cancellation), await File.ReadAllBytesAsync(_directory["out/usr/bin/stateless"], Cancellation));
        // a module that another needs comes along, in a form that busybox reads
        Assert.Equal("module lib/helper\n", await File.ReadAllTextAsync(_directory[$"out/{modules}/lib/helper.ko"], Cancellation));
        var dependencies = await File.ReadAllTextAsync(_directory["out/lib/modules/6.1.0/modules.dep"], Cancellation);
        Assert.Contains("kernel/fs/squashfs/squashfs.ko: kernel/lib/helper.ko\n", dependencies, StringComparison.Ordinal);
        Assert.Contains("other", await File.ReadAllTextAsync(_directory["out/etc/stateless/modules"], Cancellation), StringComparison.Ordinal);
        Assert.Equal("/bin/busybox", File.ResolveLinkTarget(_directory["out/bin/switch_root"], returnFinalTarget: false)!.ToString());
        Assert.NotEqual(0, (int)(File.GetUnixFileMode(_directory["out/init"]) & UnixFileMode.UserExecute));
        await Shell.RunAsync(_directory.Path, "sh -n out/init");
    }

    [Fact]
    public async Task Make_Twice_GivesTheSameBytes()
    {
        await MakeKernelAsync();
        Assert.Equal(0, (await MakeAsync("one")).Code);
        Assert.Equal(0, (await MakeAsync("two")).Code);
        Assert.Equal(await File.ReadAllBytesAsync(_directory["one"], Cancellation), await File.ReadAllBytesAsync(_directory["two"], Cancellation));
        Assert.Equal(0, (await MakeAsync("plain", "--no-compress", "--modules", "virtual")).Code);
        Assert.StartsWith("070701", await File.ReadAllTextAsync(_directory["plain"], System.Text.Encoding.Latin1, Cancellation), StringComparison.Ordinal);
        await using var packed = new GZipStream(File.OpenRead(_directory["one"]), CompressionMode.Decompress);
        using var unpacked = new MemoryStream();
        await packed.CopyToAsync(unpacked, Cancellation);
        // without the network drivers of real machines
        Assert.True(new FileInfo(_directory["plain"]).Length < unpacked.Length);
    }

    [Theory]
    [InlineData("overlay", "kernel 6.1.0 has no module overlay")]
    [InlineData("none", "kernel 6.1.0 has no module missing", "--module", "missing")]
    [InlineData("none", "no 64-bit ELF program", "--agent", "/etc/passwd")]
    [InlineData("none", "/nothing: no such file", "--trust", "/nothing")]
    [InlineData("none", "/5.0/modules.dep: no such file; is kernel 5.0 installed?", "--kernel", "5.0")]
    public async Task Make_SomethingMissing_NamesItAndWritesNothing(string without, string expected, params string[] more)
    {
        await MakeKernelAsync(without);
        string[] all = ["boot", "initramfs", "--kernel", "6.1.0", "--modules-directory", _directory["modules"], "--trust", _directory["root.mp"], "--agent", "/bin/ls", "-o", _directory["initrd"]];
        for (var index = 0; index < more.Length; index += 2)
        {
            if (Array.IndexOf(all, more[index]) is >= 0 and var at)
                all[at + 1] = more[index + 1];
            else
                all = [.. all, more[index], more[index + 1]];
        }
        var run = await CommandRun.RunAsync(all);
        Assert.NotEqual(0, run.Code);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_directory["initrd"]));
        Assert.False(File.Exists(_directory["initrd.new"]));
    }

    [Fact]
    public async Task Requirements_OfAProgram_AreWhatTheLoaderLoads()
    {
        var run = await CommandRun.RunAsync("boot", "requirements", "--agent", "/bin/ls");
        Assert.Equal(0, run.Code);
        var listed = run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Path.GetFileName).ToHashSet();
        var loaded = await Shell.RunAsync(_directory.Path, "ldd /bin/ls | grep -o '[^ ]*/[^ ]*' | xargs -n 1 basename");
        Assert.Superset(loaded.Split('\n', StringSplitOptions.RemoveEmptyEntries).ToHashSet<string?>(), listed);
        Assert.Contains("libcrypto.so.3", listed);
    }

    [Fact]
    public void TryRead_DamagedElf_IsNullAndNeverThrows()
    {
        var bytes = File.ReadAllBytes("/bin/ls");
        Assert.NotNull(ElfFile.TryRead(bytes));
        var random = new Random(1);
        for (var round = 0; round < 2000; round++)
        {
            var damaged = bytes.AsSpan(0, 4096).ToArray();
            for (var change = 0; change < 8; change++)
                damaged[random.Next(5, 700)] = (byte)random.Next(256);
            _ = ElfFile.TryRead(damaged);
            _ = ElfFile.TryRead(damaged.AsSpan(0, random.Next(4096)));
        }
    }

    [Fact]
    public async Task Read_RealKernel_FindsModulesWithWhatTheyNeed()
    {
        var version = Directory.EnumerateDirectories("/lib/modules").Select(path => Path.GetFileName(path)!).First(name => name.Contains("cloud", StringComparison.Ordinal));
        var modules = KernelModules.Read("/lib/modules", version);
        var (paths, missing) = modules.Select(["overlay", "dm-verity", "virtio_net"], []);
        Assert.Empty(missing);
        Assert.Contains(paths, path => path.EndsWith("/dm-mod.ko", StringComparison.Ordinal) || path.EndsWith("/dm-mod.ko.xz", StringComparison.Ordinal));
        var expected = await Shell.RunAsync(_directory.Path, $"modprobe -S {version} --show-depends virtio_net | grep -c insmod");
        Assert.True(paths.Count >= int.Parse(expected, System.Globalization.CultureInfo.InvariantCulture));
        Assert.All(paths, path => Assert.True(File.Exists(Path.Combine(modules.DirectoryPath, path)), path));
    }
}
