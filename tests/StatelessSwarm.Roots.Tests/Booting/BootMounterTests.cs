using StatelessSwarm.Content;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Verity;
using StatelessSwarm.Platform.Errors;
using StatelessSwarm.Platform.Files;
using StatelessSwarm.Platform.Mounts;
using StatelessSwarm.Roots.Booting;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Roots.Tests.Support;

namespace StatelessSwarm.Roots.Tests.Booting;

/// <summary>Real mounts; whether the kernel here has dm-verity does not matter (guests of testbed/boot show that part).</summary>
public sealed class BootMounterTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly BootMountOptions _options;

    public BootMounterTests()
    {
        RootRights.Require();
        _options = new BootMountOptions { Target = _directory["newroot"], Directory = _directory["run"], TmpfsLimits = "size=1m,nr_inodes=100" };
    }

    public void Dispose()
    {
        BootMounter.Unmount(_options);
        _directory.Dispose();
    }

    [Theory]
    [InlineData(ImageFormat.SquashFs)]
    [InlineData(ImageFormat.Erofs)]
    public async Task Mount_Image_IsARootWithUsrOutOfReach(ImageFormat format)
    {
        var release = await ReleaseAsync(format);
        var mounted = BootMounter.Mount(release, _options);
        Assert.Equal(_options.Target, mounted.Target);
        Assert.Equal(mounted.IsVerified, mounted.Note.Length == 0);
        File.WriteAllText(_directory["newroot/etc/new"], "x");
        var fault = Assert.ThrowsAny<IOException>(() => File.WriteAllText(_directory["newroot/usr/new"], "x"));
        Assert.Equal((int)Errno.EROFS, fault.HResult);
        fault = Assert.ThrowsAny<IOException>(() => File.WriteAllBytes(_directory["newroot/etc/big"], new byte[2 << 20]));
        Assert.Equal((int)Errno.ENOSPC, fault.HResult);
        Assert.Equal("linux", File.ReadAllText(_directory["newroot/etc/os-release"]));
        BootMounter.Unmount(_options);
        Assert.Empty(OwnMounts());
    }

    [Fact]
    public async Task Mount_WritableUsr_TakesWrites()
    {
        BootMounter.Mount(await ReleaseAsync(ImageFormat.SquashFs), _options with { IsUsrReadOnly = false });
        File.WriteAllText(_directory["newroot/usr/new"], "x");
    }

    [Fact]
    public async Task Mount_RootWithoutInit_IsRefusedAndLeavesNothing()
    {
        var release = await ReleaseAsync(ImageFormat.SquashFs);
        var fault = Assert.ThrowsAny<IOException>(() => BootMounter.Mount(release, _options with { Init = "/sbin/other" }));
        Assert.Contains("/sbin/other is not in its image", fault.Message, StringComparison.Ordinal);
        Assert.Empty(OwnMounts());
    }

    [Fact]
    public async Task Mount_NoFileSystemInIt_NamesTheStepAndLeavesNothing()
    {
        var release = await SampleRelease.Random(5).AddToAsync(ReleaseStore.Open(_directory["state"]));
        var fault = Assert.ThrowsAny<IOException>(() => BootMounter.Mount(release, _options with { Verity = VerityUse.Off }));
        Assert.Contains("mount(squashfs", fault.Message, StringComparison.Ordinal);
        Assert.Empty(OwnMounts());
    }

    [Fact]
    public async Task Commit_Release_KeepsTheTreeOfItsImage()
    {
        var release = await SampleRelease.Random(6, imageBlocks: 300).AddToAsync(ReleaseStore.Open(_directory["state"]));
        using var expected = new MemoryStream();
        var image = await File.ReadAllBytesAsync(release.RootPath, TestContext.Current.CancellationToken);
        var builder = new VerityTreeBuilder(image.Length, release.Manifest.Verity.Salt.Span, expected);
        builder.Append(image);
        Assert.Equal(release.Manifest.Verity.RootHash, builder.Finish());
        Assert.Equal(expected.ToArray(), await File.ReadAllBytesAsync(release.VerityTreePath, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task EnsureTree_MissingOrCut_IsMadeAgainAndChecked()
    {
        var release = await SampleRelease.Random(7, imageBlocks: 300).AddToAsync(ReleaseStore.Open(_directory["state"]));
        var tree = await File.ReadAllBytesAsync(release.VerityTreePath, TestContext.Current.CancellationToken);
        File.Delete(release.VerityTreePath);
        BootMounter.EnsureTree(release);
        Assert.Equal(tree, await File.ReadAllBytesAsync(release.VerityTreePath, TestContext.Current.CancellationToken));
        await File.WriteAllBytesAsync(release.VerityTreePath, tree[..100], TestContext.Current.CancellationToken);
        BootMounter.EnsureTree(release);
        Assert.Equal(tree, await File.ReadAllBytesAsync(release.VerityTreePath, TestContext.Current.CancellationToken));
        File.Delete(release.VerityTreePath);
        FileFacts.SetMode(release.RootPath, (UnixFileMode)0x1a4);
        var image = await File.ReadAllBytesAsync(release.RootPath, TestContext.Current.CancellationToken);
        image[5000] ^= 1;
        await File.WriteAllBytesAsync(release.RootPath, image, TestContext.Current.CancellationToken);
        Assert.Contains("expected", Assert.Throws<ContentException>(() => BootMounter.EnsureTree(release)).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(release.VerityTreePath));
    }

    [Theory]
    [InlineData("/sbin/init", true)]
    [InlineData("/usr/../lib/./systemd/systemd", true)]
    [InlineData("/sbin/../lib/systemd/systemd", false)] // sbin is a link to usr/sbin: its parent is usr
    [InlineData("/loop", false)]
    [InlineData("/outside", false)]
    [InlineData("/sbin/init/x", false)]
    [InlineData("/nothing", false)]
    public void Resolve_LinksOfAnotherRoot_StayBelowIt(string path, bool isThere)
    {
        Directory.CreateDirectory(_directory["root/usr/sbin"]);
        Directory.CreateDirectory(_directory["root/lib/systemd"]);
        File.WriteAllText(_directory["root/lib/systemd/systemd"], "");
        SymbolicLink.Create("usr/sbin", _directory["root/sbin"]);
        SymbolicLink.Create("/lib/systemd/systemd", _directory["root/usr/sbin/init"]);
        SymbolicLink.Create("loop", _directory["root/loop"]);
        // there is one on this machine, and none in that root
        SymbolicLink.Create("../../../../../../../etc/passwd", _directory["root/outside"]);
        Assert.Equal(isThere ? _directory["root/lib/systemd/systemd"] : null, RootedPath.Resolve(_directory["root"], path));
    }

    private async Task<StoredRelease> ReleaseAsync(ImageFormat format)
    {
        var tree = _directory["tree"];
        foreach (var folder in (string[])["etc", "usr/sbin"])
            Directory.CreateDirectory(Path.Combine(tree, folder));
        File.WriteAllText(Path.Combine(tree, "etc/os-release"), "linux");
        File.WriteAllText(Path.Combine(tree, "usr/sbin/init"), "");
        SymbolicLink.Create("usr/sbin", Path.Combine(tree, "sbin"));
        return await TreeRelease.AddAsync(tree, _directory["image"], format, 1, ReleaseStore.Open(_directory["state"]));
    }

    private string[] OwnMounts() =>
        [.. MountTable.Read().Select(entry => entry.MountPoint).Where(point => point.StartsWith(_directory.Path + "/", StringComparison.Ordinal))];
}
