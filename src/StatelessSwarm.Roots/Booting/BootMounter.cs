using StatelessSwarm.Content;
using StatelessSwarm.Content.Verity;
using StatelessSwarm.Platform.DeviceMapper;
using StatelessSwarm.Platform.Errors;
using StatelessSwarm.Platform.Loop;
using StatelessSwarm.Platform.Mounts;
using StatelessSwarm.Roots.Mounting;
using StatelessSwarm.Roots.Releases;

namespace StatelessSwarm.Roots.Booting;

/// <summary>
/// Mounts a release as the root of a machine:
/// <code>
/// DIR/image    the image, read-only: loop device, dm-verity device over it where possible
/// DIR/rw       tmpfs with limits
/// TARGET       overlay of both; TARGET/usr the image's own usr, read-only to everybody
/// </code>
/// A step that fails leaves nothing mounted, so that another release can be tried.
/// </summary>
public static class BootMounter
{
    private const string VerityName = "stateless-root";
    private const int BufferBytes = 1 << 20;

    /// <summary>Mounts it.</summary>
    /// <exception cref="ContentException">The hash tree does not lead to the manifest's root hash.</exception>
    /// <exception cref="IOException">A step failed: names it, the path and the errno; or the root has no init.</exception>
    public static BootMount Mount(StoredRelease release, BootMountOptions options)
    {
        ArgumentNullException.ThrowIfNull(release);
        ArgumentNullException.ThrowIfNull(options);
        var image = Path.Combine(options.Directory, "image");
        var upper = Path.Combine(options.Directory, "rw");
        foreach (var directory in (ReadOnlySpan<string>)[image, upper, options.Target])
            Directory.CreateDirectory(directory);
        try
        {
            var (isVerified, note) = MountImage(release, image, options.Verity);
            ImageOverlay.Mount(image, upper, options.Target, options.TmpfsLimits);
            if (options.IsUsrReadOnly && Directory.Exists(Path.Combine(image, "usr")))
                FileSystemMount.Bind(Path.Combine(image, "usr"), Path.Combine(options.Target, "usr"));
            if (RootedPath.Resolve(options.Target, options.Init) is null)
                throw new IOException($"release {release.Manifest.Version}: {options.Init} is not in its image");
            return new BootMount(options.Target, isVerified, note);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ContentException)
        {
            TakeDown(options, image, upper);
            throw;
        }
    }

    /// <summary>Undoes a mount, for another release.</summary>
    public static void Unmount(BootMountOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        TakeDown(options, Path.Combine(options.Directory, "image"), Path.Combine(options.Directory, "rw"));
    }

    /// <summary>Makes the hash tree of an image that lacks it, reading the image once.</summary>
    /// <exception cref="ContentException">The image is not what the manifest says.</exception>
    /// <exception cref="IOException">The image cannot be read, or the tree not be written.</exception>
    internal static void EnsureTree(StoredRelease release)
    {
        var wanted = VerityTreeBuilder.TreeBytes(release.Manifest.Root.Length);
        if (new FileInfo(release.VerityTreePath) is { Exists: true } file && file.Length == wanted)
            return;
        var temporary = release.VerityTreePath + ".new";
        using (var tree = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            var builder = new VerityTreeBuilder(release.Manifest.Root.Length, release.Manifest.Verity.Salt.Span, tree);
            using var image = new FileStream(release.RootPath, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
            var buffer = new byte[BufferBytes];
            for (int count; (count = image.Read(buffer)) > 0; )
                builder.Append(buffer.AsSpan(0, count));
            if (builder.Finish() is var root && root != release.Manifest.Verity.RootHash)
                throw new ContentException($"{release.RootPath}: dm-verity root {root}, expected {release.Manifest.Verity.RootHash}");
            tree.Flush(flushToDisk: true);
        }
        File.Move(temporary, release.VerityTreePath, overwrite: true);
    }

    private static (bool IsVerified, string Note) MountImage(StoredRelease release, string image, VerityUse use)
    {
        var type = ImageOverlay.TypeOf(release.Manifest.Format);
        using var data = LoopDevice.Attach(release.RootPath);
        if (use == VerityUse.Off)
        {
            FileSystemMount.Mount(data.Path, image, type, MountFlags.ReadOnly);
            return (false, "switched off");
        }
        string reason;
        try
        {
            EnsureTree(release);
            using var tree = LoopDevice.Attach(release.VerityTreePath);
            var device = VerityDevice.Open(
                VerityName,
                new VerityTable(
                    data.Path,
                    tree.Path,
                    release.Manifest.Root.Length / VerityTable.BlockBytes,
                    release.Manifest.Verity.RootHash.ToString(),
                    Convert.ToHexStringLower(release.Manifest.Verity.Salt.Span)
                )
            );
            FileSystemMount.Mount(device, image, type, MountFlags.ReadOnly);
            return (true, "");
        }
        catch (PlatformException fault) when (use == VerityUse.WherePossible && VerityDevice.IsUnsupported(fault))
        {
            reason = fault.Message;
        }
        FileSystemMount.Mount(data.Path, image, type, MountFlags.ReadOnly);
        return (false, reason);
    }

    private static void TakeDown(BootMountOptions options, string image, string upper)
    {
        foreach (var point in (ReadOnlySpan<string>)[Path.Combine(options.Target, "usr"), options.Target, upper, image])
        {
            try
            {
                foreach (var _ in MountTable.Read().Where(entry => entry.MountPoint == point))
                    FileSystemMount.Unmount(point, isLazy: false);
            }
            catch (PlatformException)
            {
                // The failure that led here is the one to tell; a mount that stays is covered by the next one.
            }
        }
        try
        {
            VerityDevice.Close(VerityName);
        }
        catch (PlatformException)
        {
            // There was none.
        }
    }
}
