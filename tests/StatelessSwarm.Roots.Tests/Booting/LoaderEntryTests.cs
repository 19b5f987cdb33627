using System.Buffers.Binary;
using System.Text;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Platform.Errors;
using StatelessSwarm.Platform.Mounts;
using StatelessSwarm.Roots.Booting;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Roots.Tests.Support;

namespace StatelessSwarm.Roots.Tests.Booting;

public sealed class LoaderEntryTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private string Boot => _directory["boot"];

    private async Task<StoredRelease> ReleaseAsync(int number, bool hasInitrd = true)
    {
        var sample = SampleRelease.Random(number);
        if (!hasInitrd)
            return await sample.AddToAsync(ReleaseStore.Open(_directory["state"]));
        return await sample.WithFile(ReleaseFileRole.Initrd, "initrd", SampleRelease.RandomBytes(50 + number, 3000)).AddToAsync(ReleaseStore.Open(_directory["state"]));
    }

    private string[] Entries() => [.. Directory.EnumerateFiles(Path.Combine(Boot, "loader/entries")).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    [Fact]
    public async Task Update_ReleasesOfTheSlots_HaveCountedEntriesAndTheirFiles()
    {
        var (first, second, third) = (await ReleaseAsync(1), await ReleaseAsync(2), await ReleaseAsync(3, hasInitrd: false));
        Directory.CreateDirectory(Path.Combine(Boot, "loader/entries"));
        await File.WriteAllTextAsync(Path.Combine(Boot, "loader/entries/debian.conf"), "title Debian", TestContext.Current.CancellationToken);
        var entries = new LoaderEntries(Boot);
        Assert.Equal([second, first], entries.Update([second, first, third], "root=stateless:web/stable quiet", 3, release => release == first.Digest));
        var (firstName, secondName) = ($"stateless-{first.Digest.ToString()[..16]}.conf", $"stateless-{second.Digest.ToString()[..16]}+3.conf");
        Assert.Equal([.. ((string[])["debian.conf", firstName, secondName]).Order(StringComparer.Ordinal)], Entries());
        Assert.Equal(
            [
                "title web 2.0", "sort-key stateless-web", "version 2", $"linux /stateless/{second.Digest}/vmlinuz", $"initrd /stateless/{second.Digest}/initrd",
                $"options root=stateless:web/stable quiet stateless.entry={second.Digest}",
            ],
            await File.ReadAllLinesAsync(Path.Combine(Boot, "loader/entries", secondName), TestContext.Current.CancellationToken)
        );
        foreach (var (name, file) in ((string, string)[])[("vmlinuz", "vmlinuz"), ("initrd", "initrd")])
            Assert.Equal(File.ReadAllBytes(Path.Combine(second.Directory, file)), File.ReadAllBytes(Path.Combine(Boot, "stateless", second.Digest.ToString(), name)));

        // the loader has counted: the entry is left as it is, the other one goes with its files
        File.Move(Path.Combine(Boot, "loader/entries", secondName), Path.Combine(Boot, "loader/entries", secondName.Replace("+3", "+1-2", StringComparison.Ordinal)));
        Assert.Empty(entries.Update([second], "root=stateless", 3, _ => false));
        Assert.Equal(["debian.conf", secondName.Replace("+3", "+1-2", StringComparison.Ordinal)], Entries());
        Assert.Equal([second.Digest.ToString()], Directory.EnumerateDirectories(Path.Combine(Boot, "stateless")).Select(Path.GetFileName));
        Assert.Equal([second.Digest.ToString()[..16]], entries.List());
    }

    /// <summary>A full boot partition: the new release has no entry, the one that was there boots as before.</summary>
    [Fact]
    public async Task Update_NoRoom_KeepsWhatCanBeBooted()
    {
        RootRights.Require();
        var (first, second) = (await ReleaseAsync(1), await ReleaseAsync(2));
        Directory.CreateDirectory(Boot);
        FileSystemMount.Mount("test", Boot, "tmpfs", MountFlags.None, "size=24k");
        try
        {
            var entries = new LoaderEntries(Boot);
            entries.Update([first], "root=stateless", 3, _ => true);
            var before = Entries();
            var fault = Assert.ThrowsAny<IOException>(() => entries.Update([second, first], "root=stateless", 3, _ => false));
            Assert.Equal((int)Errno.ENOSPC, fault.HResult);
            Assert.Equal(before, Entries());
            Assert.True(File.Exists(Path.Combine(Boot, "stateless", first.Digest.ToString(), "initrd")));
            Assert.Empty(Directory.EnumerateFiles(Boot, "*.new", SearchOption.AllDirectories));
        }
        finally
        {
            FileSystemMount.Unmount(Boot, isLazy: true);
        }
    }

    [Fact]
    public void ReadVersion_OfAKernel_IsWhatItSays()
    {
        var path = Directory.EnumerateFiles("/boot", "vmlinuz-*-cloud-amd64").Order(StringComparer.Ordinal).Last();
        var version = KernelImage.ReadVersion(path)!;
        var release = Path.GetFileName(path)["vmlinuz-".Length..];
        Assert.StartsWith(release + " (", version, StringComparison.Ordinal);
        var number = version[version.IndexOf('#', StringComparison.Ordinal)..];
        Assert.True(KernelImage.IsRunning(version, release, number));
        Assert.False(KernelImage.IsRunning(version, release + "x", number));
        Assert.False(KernelImage.IsRunning(version, release, "#9" + number[2..]));
        Assert.Null(KernelImage.ReadVersion("/etc/passwd"));
    }

    [Fact]
    public void ReadVersion_AnyBytes_NeverThrows()
    {
        var random = new Random(1);
        for (var round = 0; round < 2000; round++)
        {
            var header = new byte[random.Next(0x8000)];
            random.NextBytes(header);
            if (header.Length > 0x210)
            {
                "HdrS"u8.CopyTo(header.AsSpan(0x202));
                BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(0x20e), (ushort)random.Next(0x10000));
            }
            Assert.True(KernelImage.ReadVersion(header) is null or { Length: <= 512 });
        }
        Assert.Equal("x", KernelImage.ReadVersion([.. new byte[0x202], .. "HdrS"u8, .. new byte[8], 0x10, 0, .. Encoding.ASCII.GetBytes("x\0")]));
    }
}
