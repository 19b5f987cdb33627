using StatelessSwarm.Platform.Mounts;

namespace StatelessSwarm.Roots.Tests.Support;

/// <summary>A small file system for tests of full disks, and of disks that share blocks.</summary>
internal sealed class MountedFileSystem : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private MountedFileSystem() => RootRights.Require();

    public string Path => _directory["mount"];

    public static MountedFileSystem Tmpfs(string options)
    {
        var mounted = new MountedFileSystem();
        Directory.CreateDirectory(mounted.Path);
        FileSystemMount.Mount("test", mounted.Path, "tmpfs", MountFlags.None, options);
        return mounted;
    }

    /// <summary>ext4 in a file; our loop devices are read-only, so mount(8) makes this one.</summary>
    public static async Task<MountedFileSystem> Ext4Async(int megabytes)
    {
        var mounted = new MountedFileSystem();
        Directory.CreateDirectory(mounted.Path);
        var image = mounted._directory["disk"];
        await Tool.RunAsync("mkfs.ext4", "-q", "-O", "^has_journal", image, $"{megabytes}M");
        await Tool.RunAsync("mount", "-o", "loop", image, mounted.Path);
        return mounted;
    }

    /// <summary>XFS with reflinks in a sparse file of 320 MiB: mkfs.xfs makes none below 300.</summary>
    public static async Task<MountedFileSystem> XfsAsync()
    {
        var mounted = new MountedFileSystem();
        Directory.CreateDirectory(mounted.Path);
        var image = mounted._directory["disk"];
        using (var file = File.OpenHandle(image, FileMode.CreateNew, FileAccess.Write))
            RandomAccess.SetLength(file, 320L * 1024 * 1024);
        await Tool.RunAsync("mkfs.xfs", "-q", "-m", "reflink=1", image);
        await Tool.RunAsync("mount", "-o", "loop", image, mounted.Path);
        return mounted;
    }

    /// <summary>Bytes free, once everything is written out.</summary>
    public async Task<long> FreeBytesAsync()
    {
        await Tool.RunAsync("sync", "-f", Path);
        return Platform.Files.FileSystemRoom.Of(Path).AvailableBytes;
    }

    public void Dispose()
    {
        FileSystemMount.Unmount(Path, isLazy: true);
        _directory.Dispose();
    }
}
