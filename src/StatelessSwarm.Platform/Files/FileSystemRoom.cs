using StatelessSwarm.Platform.Errors;

namespace StatelessSwarm.Platform.Files;

/// <summary>Room on a file system, as statvfs(3) tells it.</summary>
/// <param name="AvailableBytes">Free for everybody: what is reserved for root is not counted.</param>
/// <param name="AvailableInodes">Files that can still be made; null where the file system has no such limit (btrfs).</param>
/// <param name="IsReadOnly">Mounted read-only.</param>
public sealed record FileSystemRoom(long AvailableBytes, long? AvailableInodes, bool IsReadOnly)
{
    private const ulong ReadOnlyFlag = 1;

    /// <summary>Room on the file system that holds <paramref name="path"/>.</summary>
    /// <exception cref="PlatformException">The path is missing or cannot be looked at.</exception>
    public static FileSystemRoom Of(string path)
    {
        int result;
        FileSystemStatistics statistics;
        do
        {
            result = LibC.StatVfs(path, out statistics);
        } while (result != 0 && Interrupted());
        if (result != 0)
            throw PlatformException.Last("statvfs", path);
        return new FileSystemRoom(
            Saturated((UInt128)statistics.AvailableBlocks * statistics.FragmentSize),
            statistics.Inodes == 0 ? null : Saturated(statistics.AvailableInodes),
            (statistics.Flags & ReadOnlyFlag) != 0
        );
    }

    private static long Saturated(UInt128 value) => value > long.MaxValue ? long.MaxValue : (long)value;

    private static bool Interrupted() =>
        System.Runtime.InteropServices.Marshal.GetLastPInvokeError() == (int)Errno.EINTR;
}
