using System.Runtime.InteropServices;
using StatelessSwarm.Platform.Errors;

namespace StatelessSwarm.Platform.Files;

/// <summary>fallocate(2): the file has its full length and its blocks before the first byte is written.</summary>
public static class Preallocation
{
    /// <summary>
    /// Creates <paramref name="path"/> (mode 0644) if missing and makes it <paramref name="length"/> bytes long with all blocks
    /// reserved; bytes that are there stay, bytes beyond are zeros, a longer file is cut.
    /// </summary>
    /// <returns>True when blocks are reserved; false when the file system cannot reserve and the file is sparse instead.</returns>
    /// <exception cref="PlatformException"><see cref="PlatformException.IsNoSpace"/>: no room; or another failure.</exception>
    public static bool Reserve(string path, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        using var file = LibC.Open(path, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.CloseOnExec, 0x1a4);
        if (file.IsInvalid)
            throw PlatformException.Last("open", path);
        var isReserved = length == 0 || Allocate();
        if (LibC.FTruncate(file, length) != 0)
            throw PlatformException.Last("ftruncate", path);
        return isReserved;

        bool Allocate()
        {
            int result;
            do
            {
                result = LibC.FAllocate(file, 0, 0, length);
            } while (result != 0 && Marshal.GetLastPInvokeError() == (int)Errno.EINTR);
            if (result == 0)
                return true;
            var failure = PlatformException.Last("fallocate", path);
            return failure.Error is Errno.EOPNOTSUPP or Errno.ENOSYS ? false : throw failure;
        }
    }
}
