using StatelessSwarm.Content.Values;
using StatelessSwarm.Platform.Files;
using StatelessSwarm.Platform.Loop;
using StatelessSwarm.Platform.Mounts;
using StatelessSwarm.Platform.Processes;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Roots.Storage;

namespace StatelessSwarm.Roots.Mounting;

/// <summary>
/// Mounts releases (loop device, read-only) with a size-limited tmpfs overlay, and moves the <c>current</c> link by rename. A
/// root that is in use is never touched; old roots are unmounted lazily once they are neither current nor previous.
/// </summary>
/// <remarks>
/// The kernel's mount table is the only record: a mounter opened after a restart finds the mounts of the one before. The loop
/// device clears itself when its mount goes. Only root may enter a release's directory (mode 0700): the set-user-id programs
/// of an old release are no business of the host's users. All members are safe to call from any thread and process: changes
/// take a flock on <c>.lock</c>.
/// </remarks>
public sealed partial class RootMounter
{
    private const string CurrentName = "current";
    private const string CurrentTemporary = ".current.new";
    private const string LockName = ".lock";

    /// <summary>Mounts take milliseconds; a loop device over a slow disk may take seconds.</summary>
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(30);

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly MountOptions _options;
    private readonly string _directory;

    private RootMounter(MountOptions options, string directory)
    {
        _options = options;
        _directory = directory;
    }

    /// <summary>A mounter; nothing is mounted yet, but what an earlier process mounted is found again.</summary>
    /// <exception cref="IOException">The directory cannot be made.</exception>
    public static RootMounter Open(MountOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.UpperBytes, Environment.SystemPageSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.UpperInodes, 16);
        try
        {
            Directory.CreateDirectory(options.Directory);
            return new RootMounter(options, FileFacts.RealPath(options.Directory));
        }
        catch (UnauthorizedAccessException denied)
        {
            throw new IOException($"{options.Directory}: {denied.Message}", denied);
        }
    }

    /// <summary>True when this process may mount (root with CAP_SYS_ADMIN, loop devices there).</summary>
    public static bool IsAllowed(out string reason)
    {
        if (!Privileges.MayMount)
        {
            reason = $"user {Privileges.EffectiveUserId} lacks CAP_SYS_ADMIN";
            return false;
        }
        return LoopDevice.IsAvailable(out reason);
    }

    /// <summary>Mounts a release; returns what is there when it is mounted already.</summary>
    /// <exception cref="IOException">A mount failed: names the step, the path and the errno; nothing is left half-mounted.</exception>
    public MountedRoot Mount(StoredRelease release)
    {
        ArgumentNullException.ThrowIfNull(release);
        var points = new MountPoints(_directory, release.Digest);
        using (TakeLock())
        {
            var mounted = MountedPaths();
            if (points.InOrder.All(mounted.Contains))
                return points.ToRoot();
            // A process was killed between two mounts: nobody was ever told of these.
            TakeDown(points);
            try
            {
                SetUp(points, release);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                TryTakeDown(points);
                throw;
            }
            return points.ToRoot();
        }
    }

    /// <summary>Points <c>current</c> at a mounted root by one rename.</summary>
    /// <exception cref="IOException">It is not mounted, or the link could not be renamed; <c>current</c> is as it was.</exception>
    public void MakeCurrent(MountedRoot root)
    {
        ArgumentNullException.ThrowIfNull(root);
        using (TakeLock())
        {
            var points = new MountPoints(_directory, root.Digest);
            if (!points.InOrder.All(MountedPaths().Contains))
                throw new IOException($"{points.Root}: not mounted, cannot become {CurrentName}");
            var temporary = Path.Combine(_directory, CurrentTemporary);
            File.Delete(temporary);
            SymbolicLink.Create($"{root.Digest}/root", temporary);
            AtomicRename.Replace(temporary, Path.Combine(_directory, CurrentName));
        }
    }

    /// <summary>The root <c>current</c> points at, or null when there is none or it is not mounted.</summary>
    /// <exception cref="IOException"><c>current</c> is not a link.</exception>
    public MountedRoot? Current
    {
        get
        {
            if (ReadCurrent() is not { } digest)
                return null;
            var points = new MountPoints(_directory, digest);
            return points.InOrder.All(MountedPaths().Contains) ? points.ToRoot() : null;
        }
    }

    /// <summary>Every root that is mounted, ascending by digest.</summary>
    public IReadOnlyList<MountedRoot> Mounted
    {
        get
        {
            var mounted = MountedPaths();
            return
            [
                .. StateLayout
                    .DigestsIn(_directory)
                    .Select(digest => new MountPoints(_directory, digest))
                    .Where(points => points.InOrder.All(mounted.Contains))
                    .Select(points => points.ToRoot()),
            ];
        }
    }

    /// <summary>
    /// Unmounts every root not in <paramref name="keep"/>, lazily: who has files open there goes on. The root that
    /// <c>current</c> points at stays whatever <paramref name="keep"/> says.
    /// </summary>
    /// <exception cref="IOException">A root could not be unmounted; the others are.</exception>
    public void Unmount(IReadOnlySet<Sha256Digest> keep)
    {
        ArgumentNullException.ThrowIfNull(keep);
        using (TakeLock())
        {
            var current = ReadCurrent();
            TakeDownAll(digest => digest != current && !keep.Contains(digest));
        }
    }

    /// <summary>Removes the <c>current</c> link and unmounts every root, lazily: the end of a node that gives the machine back.</summary>
    /// <exception cref="IOException">A root could not be unmounted; the others are.</exception>
    public void UnmountAll()
    {
        using (TakeLock())
        {
            File.Delete(Path.Combine(_directory, CurrentName));
            TakeDownAll(_ => true);
        }
    }

    /// <summary>One holder at a time mounts here, among threads and processes.</summary>
    private FileLock TakeLock() => FileLock.Take(Path.Combine(_directory, LockName), LockPatience, TimeProvider.System);

    private void SetUp(MountPoints points, StoredRelease release)
    {
        Directory.CreateDirectory(points.Base);
        FileFacts.SetMode(points.Base, OwnerOnly);
        foreach (var point in points.InOrder)
            Directory.CreateDirectory(point);
        using (var loop = LoopDevice.Attach(release.RootPath))
            FileSystemMount.Mount(loop.Path, points.Image, ImageOverlay.TypeOf(release.Manifest.Format), MountFlags.ReadOnly);
        ImageOverlay.Mount(points.Image, points.Upper, points.Root, $"size={_options.UpperBytes},nr_inodes={_options.UpperInodes}");
    }

    private void TakeDownAll(Func<Sha256Digest, bool> isUnwanted)
    {
        IOException? first = null;
        foreach (var digest in StateLayout.DigestsIn(_directory).Where(isUnwanted))
        {
            try
            {
                TakeDown(new MountPoints(_directory, digest));
            }
            catch (IOException fault)
            {
                first ??= fault;
            }
        }
        if (first is not null)
            throw first;
    }

    private static void TakeDown(MountPoints points)
    {
        // A mount point may carry several mounts, one above the other; the table lists each.
        var mounted = MountTable.Read();
        foreach (var point in points.InOrder.Reverse())
        {
            foreach (var _ in mounted.Where(entry => entry.MountPoint == point))
                FileSystemMount.Unmount(point, isLazy: true);
            if (Directory.Exists(point))
                Directory.Delete(point);
        }
        if (Directory.Exists(points.Base))
            Directory.Delete(points.Base);
    }

    private static void TryTakeDown(MountPoints points)
    {
        try
        {
            TakeDown(points);
        }
        catch (IOException)
        {
            // The failure that led here is the one to tell; what is left is taken down by the next Mount or Unmount.
        }
    }

    private Sha256Digest? ReadCurrent()
    {
        var text = SymbolicLink.Read(Path.Combine(_directory, CurrentName));
        return text is not null
            && text.EndsWith("/root", StringComparison.Ordinal)
            && Sha256Digest.TryParseHex(text.AsSpan(0, text.Length - 5), out var digest)
            ? digest
            : null;
    }

    private static HashSet<string> MountedPaths() =>
        [.. MountTable.Read().Select(entry => entry.MountPoint)];
}
