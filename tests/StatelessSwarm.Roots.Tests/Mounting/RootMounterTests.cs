using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Platform.Errors;
using StatelessSwarm.Platform.Files;
using StatelessSwarm.Platform.Mounts;
using StatelessSwarm.Roots.Mounting;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Roots.Tests.Support;

namespace StatelessSwarm.Roots.Tests.Mounting;

/// <summary>Real images on real loop devices. The mount directory has characters that overlayfs options must escape.</summary>
public sealed class RootMounterTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly RootMounter _mounter;
    private readonly MountOptions _options;

    public RootMounterTests()
    {
        RootRights.Require();
        _options = new MountOptions
        {
            Directory = _directory["a mount, odd:ly\\named"],
            UpperBytes = 1 << 20,
            UpperInodes = 100,
        };
        _mounter = RootMounter.Open(_options);
    }

    public void Dispose()
    {
        _mounter.UnmountAll();
        _directory.Dispose();
    }

    [Theory]
    [InlineData(ImageFormat.SquashFs)]
    [InlineData(ImageFormat.Erofs)]
    public async Task Mount_RealImage_IsReadOnlyBelowAndWritableAbove(ImageFormat format)
    {
        var release = await ReleaseAsync(1, format);
        var root = _mounter.Mount(release);
        Assert.Equal("version 1", File.ReadAllText(Path.Combine(root.RootDirectory, "etc/version")));
        Assert.Equal("../etc/version", SymbolicLink.Read(Path.Combine(root.RootDirectory, "usr/link")));

        var fault = Assert.ThrowsAny<IOException>(() => File.WriteAllText(Path.Combine(root.ImageDirectory, "new"), "x"));
        Assert.Equal((int)Errno.EROFS, fault.HResult);
        Assert.ThrowsAny<IOException>(() => File.Delete(Path.Combine(root.ImageDirectory, "etc/version")));

        File.WriteAllText(Path.Combine(root.RootDirectory, "etc/version"), "changed");
        File.WriteAllText(Path.Combine(root.RootDirectory, "etc/added"), "added");
        Assert.Equal("version 1", File.ReadAllText(Path.Combine(root.ImageDirectory, "etc/version")));
        var upper = Path.Combine(Path.GetDirectoryName(root.ImageDirectory)!, "upper/u");
        Assert.Equal(
            ["etc", "etc/added", "etc/version"],
            Directory
                .EnumerateFileSystemEntries(upper, "*", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(upper, path))
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            Sha256Digest.HashData(File.ReadAllBytes(release.RootPath)),
            release.Manifest.Root.Sha256
        );
    }

    [Fact]
    public async Task Mount_RootDirectory_LooksLikeTheImages()
    {
        var root = _mounter.Mount(await ReleaseAsync(1, ImageFormat.SquashFs));
        var image = FileFacts.Of(root.ImageDirectory)!;
        var overlay = FileFacts.Of(root.RootDirectory)!;
        Assert.Equal((image.Mode, image.UserId, image.GroupId), (overlay.Mode, overlay.UserId, overlay.GroupId));
        Assert.Equal((UnixFileMode)0x1c9, overlay.Mode); // 0711, as the source tree's
        Assert.Equal(Directory.GetLastWriteTimeUtc(root.ImageDirectory), Directory.GetLastWriteTimeUtc(root.RootDirectory));
    }

    [Fact]
    public async Task Mount_UpperFull_IsNoSpaceAndTheImageStaysReadable()
    {
        var root = _mounter.Mount(await ReleaseAsync(1, ImageFormat.SquashFs));
        var fault = Assert.ThrowsAny<IOException>(
            () => File.WriteAllBytes(Path.Combine(root.RootDirectory, "big"), new byte[2 << 20])
        );
        Assert.Equal((int)Errno.ENOSPC, fault.HResult);
        Assert.Equal("version 1", File.ReadAllText(Path.Combine(root.RootDirectory, "etc/version")));
        File.Delete(Path.Combine(root.RootDirectory, "big"));
        Assert.ThrowsAny<IOException>(() =>
        {
            for (var i = 0; i < 200; i++)
                File.WriteAllText(Path.Combine(root.RootDirectory, $"file{i}"), "");
        });
        File.Delete(Path.Combine(root.RootDirectory, "file0"));
        File.WriteAllText(Path.Combine(root.RootDirectory, "file0"), "");
    }

    [Fact]
    public async Task Mount_Twice_AlsoByALaterMounter_GivesTheSameMounts()
    {
        var release = await ReleaseAsync(1, ImageFormat.Erofs);
        var root = _mounter.Mount(release);
        File.WriteAllText(Path.Combine(root.RootDirectory, "kept"), "x");
        var mounts = OwnMounts();
        Assert.Equal(3, mounts.Length);
        Assert.Equal(root, _mounter.Mount(release));
        _mounter.MakeCurrent(root);
        var later = RootMounter.Open(_options);
        Assert.Equal(root, later.Current);
        Assert.Equal([root], later.Mounted);
        Assert.Equal(root, later.Mount(release));
        Assert.Equal(mounts, OwnMounts());
        Assert.True(File.Exists(Path.Combine(root.RootDirectory, "kept")));
    }

    /// <summary>
    /// Goal: a switch disturbs no reader. Method: a file held open in the old root, and one opened through current's path,
    /// are read across the switch and across the lazy unmount of the old root.
    /// </summary>
    [Fact]
    public async Task MakeCurrent_ReaderInTheOldRoot_GoesOn()
    {
        var oldRoot = _mounter.Mount(await ReleaseAsync(1, ImageFormat.SquashFs));
        var newRoot = _mounter.Mount(await ReleaseAsync(2, ImageFormat.Erofs));
        _mounter.MakeCurrent(oldRoot);
        var version = Path.Combine(_options.Directory, "current/etc/version");
        using var reader = File.OpenText(version);
        using var data = File.OpenHandle(Path.Combine(oldRoot.RootDirectory, "usr/data"));
        Assert.Equal('v', (char)reader.Read());

        _mounter.MakeCurrent(newRoot);
        Assert.Equal(newRoot, _mounter.Current);
        Assert.Equal("version 2", File.ReadAllText(version));
        _mounter.Unmount(new HashSet<Sha256Digest>());
        Assert.Equal([newRoot], _mounter.Mounted);
        Assert.False(Directory.Exists(oldRoot.RootDirectory));
        Assert.Equal("ersion 1", reader.ReadToEnd());
        var bytes = new byte[200_000];
        Assert.Equal(bytes.Length, RandomAccess.Read(data, bytes, 0));
        Assert.Equal(SampleRelease.RandomBytes(1, bytes.Length), bytes);
    }

    [Fact]
    public async Task MakeCurrent_SwitchedBackAndForth_IsNeverMissing()
    {
        var roots = new[]
        {
            _mounter.Mount(await ReleaseAsync(1, ImageFormat.SquashFs)),
            _mounter.Mount(await ReleaseAsync(2, ImageFormat.Erofs)),
        };
        _mounter.MakeCurrent(roots[0]);
        var version = Path.Combine(_options.Directory, "current/etc/version");
        var switching = Task.Run(() =>
        {
            for (var i = 0; i < 300; i++)
                _mounter.MakeCurrent(roots[i % 2]);
        });
        while (!switching.IsCompleted)
            Assert.StartsWith("version ", File.ReadAllText(version), StringComparison.Ordinal);
        await switching;
    }

    [Fact]
    public async Task Unmount_Everything_LeavesNoMountAndNoLoopDevice()
    {
        var first = await ReleaseAsync(1, ImageFormat.SquashFs);
        var second = await ReleaseAsync(2, ImageFormat.Erofs);
        _mounter.Mount(first);
        _mounter.MakeCurrent(_mounter.Mount(second));
        Assert.Contains("/dev/loop", await LoopsOfAsync(first), StringComparison.Ordinal);
        _mounter.Unmount(new HashSet<Sha256Digest> { first.Digest });
        Assert.Equal(2, _mounter.Mounted.Count);
        _mounter.Unmount(new HashSet<Sha256Digest>());
        Assert.Equal("", await LoopsOfAsync(first));
        _mounter.UnmountAll();
        Assert.Null(_mounter.Current);
        Assert.Empty(OwnMounts());
        Assert.Equal("", await LoopsOfAsync(second));
        Assert.Empty(Directory.EnumerateDirectories(_options.Directory));
    }

    /// <summary>Goal: a mount that fails undoes what it did. Method: an image that is none; a format that does not fit.</summary>
    [Fact]
    public async Task Mount_NotAnImage_NamesTheStepAndLeavesNothing()
    {
        var store = ReleaseStore.Open(_directory["state"]);
        var release = await SampleRelease.Random(5, imageBlocks: 64).AddToAsync(store);
        var fault = Assert.Throws<PlatformException>(() => _mounter.Mount(release));
        Assert.StartsWith("mount(squashfs, /dev/loop", fault.Message, StringComparison.Ordinal);
        Assert.Equal("", await LoopsOfAsync(release));
        Assert.Empty(OwnMounts());
        Assert.Empty(Directory.EnumerateDirectories(_options.Directory));
    }

    /// <summary>
    /// Goal: when the last mount fails, the two before it are undone. Method: mount(2) takes one page of options; a directory
    /// whose name does not fit three times makes the overlay, and only it, fail.
    /// </summary>
    [Fact]
    public async Task Mount_OverlayFails_UndoesImageAndUpper()
    {
        var release = await ReleaseAsync(1, ImageFormat.SquashFs);
        var deep = _directory[string.Join('/', Enumerable.Repeat(new string('d', 240), 6))];
        var mounter = RootMounter.Open(_options with { Directory = deep });
        var fault = Assert.Throws<PlatformException>(() => mounter.Mount(release));
        Assert.StartsWith("mount(overlay, ", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(MountTable.Read(), entry => entry.MountPoint.StartsWith(deep, StringComparison.Ordinal));
        Assert.Equal("", await LoopsOfAsync(release));
        Assert.Empty(Directory.EnumerateDirectories(deep));
    }

    /// <summary>Goal: what a process killed between two mounts left is taken down and mounted anew.</summary>
    [Theory]
    [InlineData("root")]
    [InlineData("root upper")]
    public async Task Mount_HalfMountedByAKilledProcess_StartsOver(string missing)
    {
        var release = await ReleaseAsync(1, ImageFormat.SquashFs);
        var root = _mounter.Mount(release);
        foreach (var name in missing.Split(' '))
            FileSystemMount.Unmount(Path.Combine(Path.GetDirectoryName(root.RootDirectory)!, name), isLazy: true);
        Assert.Empty(_mounter.Mounted);
        Assert.Throws<IOException>(() => _mounter.MakeCurrent(root));
        Assert.Null(_mounter.Current);
        Assert.Equal(root, RootMounter.Open(_options).Mount(release));
        Assert.Equal(3, OwnMounts().Length);
        Assert.Equal("version 1", File.ReadAllText(Path.Combine(root.RootDirectory, "etc/version")));
        Assert.Single((await LoopsOfAsync(release)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>Goal: several processes that mount and unmount the same releases do not get into each other's half-made mounts.</summary>
    [Fact]
    public async Task Mount_ByManyMountersAtOnce_LeavesOneSetOfMounts()
    {
        var release = await ReleaseAsync(1, ImageFormat.SquashFs);
        var roots = await Task.WhenAll(
            Enumerable.Range(0, 6).Select(_ => Task.Run(() => RootMounter.Open(_options).Mount(release)))
        );
        Assert.Single(roots.Distinct());
        Assert.Equal(3, OwnMounts().Length);
        Assert.Single((await LoopsOfAsync(release)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Current_NothingThere_IsNull()
    {
        Assert.Null(_mounter.Current);
        SymbolicLink.Create("elsewhere", Path.Combine(_options.Directory, "current"));
        Assert.Null(_mounter.Current);
    }

    private async Task<StoredRelease> ReleaseAsync(int number, ImageFormat format)
    {
        var tree = _directory[$"tree{number}"];
        Directory.CreateDirectory(Path.Combine(tree, "etc"));
        Directory.CreateDirectory(Path.Combine(tree, "usr"));
        File.WriteAllText(Path.Combine(tree, "etc/version"), $"version {number}");
        File.WriteAllBytes(Path.Combine(tree, "usr/data"), SampleRelease.RandomBytes(number, 200_000));
        SymbolicLink.Create("../etc/version", Path.Combine(tree, "usr/link"));
        FileFacts.SetMode(tree, (UnixFileMode)0x1c9);
        return await TreeRelease.AddAsync(tree, _directory[$"image{number}"], format, number, ReleaseStore.Open(_directory["state"]));
    }

    private string[] OwnMounts() =>
        [
            .. MountTable
                .Read()
                .Select(entry => entry.MountPoint)
                .Where(point => point.StartsWith(_options.Directory + "/", StringComparison.Ordinal)),
        ];

    private static Task<string> LoopsOfAsync(StoredRelease release) =>
        Tool.RunAsync("losetup", "--associated", release.RootPath);
}
