using StatelessSwarm.Platform.Errors;

namespace StatelessSwarm.Platform.Mounts;

/// <summary>mount(2) and umount2(2). Needs CAP_SYS_ADMIN.</summary>
public static class FileSystemMount
{
    private const int Detach = 2;
    private const int NoFollow = 8;

    /// <summary>Mounts a file system of <paramref name="type"/> on <paramref name="target"/>.</summary>
    /// <exception cref="PlatformException">Nothing is mounted.</exception>
    public static void Mount(string source, string target, string type, MountFlags flags, string? data = null)
    {
        if (LibC.Mount(source, target, type, (ulong)flags, data) != 0)
            throw PlatformException.Last($"mount({type}, {source})", target);
    }

    /// <summary>Shows a directory, with all that is mounted below it, at a second place.</summary>
    /// <exception cref="PlatformException">Nothing is mounted.</exception>
    public static void Bind(string source, string target)
    {
        if (LibC.Mount(source, target, null, (ulong)(MountFlags.Bind | MountFlags.Recursive), null) != 0)
            throw PlatformException.Last($"mount(bind, {source})", target);
    }

    /// <summary>Makes a bind mount read-only; the file system below stays as it is.</summary>
    /// <exception cref="PlatformException">It is as it was.</exception>
    public static void MakeReadOnly(string target)
    {
        if (LibC.Mount(null, target, null, (ulong)(MountFlags.Bind | MountFlags.Remount | MountFlags.ReadOnly), null) != 0)
            throw PlatformException.Last("mount(remount read-only)", target);
    }

    /// <summary>Unmounts what is mounted on top at <paramref name="target"/>; never follows a link.</summary>
    /// <param name="target">Mount point.</param>
    /// <param name="isLazy">MNT_DETACH: the name is free at once, open files go on until they are closed.</param>
    /// <exception cref="PlatformException">EINVAL: nothing is mounted there; EBUSY: in use and not lazy.</exception>
    public static void Unmount(string target, bool isLazy)
    {
        if (LibC.Unmount(target, NoFollow | (isLazy ? Detach : 0)) != 0)
            throw PlatformException.Last("umount2", target);
    }
}
