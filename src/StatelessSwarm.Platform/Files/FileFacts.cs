using System.Text;
using StatelessSwarm.Platform.Errors;

namespace StatelessSwarm.Platform.Files;

/// <summary>What statx(2) says about a file, a symbolic link itself included.</summary>
/// <param name="Length">Bytes, holes included.</param>
/// <param name="AllocatedBytes">Bytes the file occupies on its file system.</param>
/// <param name="UserId">Owner.</param>
/// <param name="GroupId">Group.</param>
/// <param name="Mode">Permission bits with set-id and sticky bits (07777).</param>
public sealed record FileFacts(long Length, long AllocatedBytes, uint UserId, uint GroupId, UnixFileMode Mode)
{
    private const int CurrentDirectory = -100;
    private const int NoFollow = 0x100;
    private const uint BasicStatistics = 0x7ff;

    /// <summary>PATH_MAX, the closing zero included.</summary>
    private const int MaxPathBytes = 4096;

    /// <summary>The facts of <paramref name="path"/>, or null when nothing is there.</summary>
    /// <exception cref="PlatformException">It cannot be looked at.</exception>
    public static FileFacts? Of(string path)
    {
        if (LibC.StatX(CurrentDirectory, path, NoFollow, BasicStatistics, out var status) == 0)
            return new FileFacts(
                checked((long)status.Length),
                checked((long)status.Blocks * 512),
                status.UserId,
                status.GroupId,
                (UnixFileMode)(status.Mode & 0xfff)
            );
        var failure = PlatformException.Last("statx", path);
        return failure.Error is Errno.ENOENT or Errno.ENOTDIR ? null : throw failure;
    }

    /// <summary>Gives <paramref name="path"/> (the link itself, if it is one) to a user and a group.</summary>
    /// <exception cref="PlatformException">Not allowed.</exception>
    public static void SetOwner(string path, uint userId, uint groupId)
    {
        if (LibC.LinkChangeOwner(path, userId, groupId) != 0)
            throw PlatformException.Last("lchown", path);
    }

    /// <summary>chmod(2): sets the permission bits, whatever the umask.</summary>
    /// <exception cref="PlatformException">Not allowed, or nothing is there.</exception>
    public static void SetMode(string path, UnixFileMode mode)
    {
        if (LibC.ChangeMode(path, (uint)mode) != 0)
            throw PlatformException.Last("chmod", path);
    }

    /// <summary>realpath(3): the path without symbolic links, as the mount table spells it.</summary>
    /// <exception cref="PlatformException">Nothing is there.</exception>
    public static string RealPath(string path)
    {
        Span<byte> buffer = stackalloc byte[MaxPathBytes];
        if (LibC.RealPath(path, buffer) == 0)
            throw PlatformException.Last("realpath", path);
        return Encoding.UTF8.GetString(buffer[..buffer.IndexOf((byte)0)]);
    }
}
