using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using StatelessSwarm.Platform.Errors;

namespace StatelessSwarm.Platform.Files;

/// <summary>
/// fsync(2), fdatasync(2), syncfs(2). A failure is never retried: after one, the kernel may have dropped the dirty pages and a
/// second call would report success for data that is lost.
/// </summary>
public static class Durable
{
    /// <summary>Waits until the data of a file, and the metadata needed to read it back, are on the medium.</summary>
    /// <exception cref="PlatformException">They are not.</exception>
    public static void SyncData(string path)
    {
        using var file = Open(path);
        if (WithoutInterruption(LibC.FDataSync, file) != 0)
            throw PlatformException.Last("fdatasync", path);
    }

    /// <summary>Waits until the data of an open file are on the medium.</summary>
    /// <exception cref="PlatformException">They are not.</exception>
    public static void SyncData(SafeFileHandle file, string path)
    {
        if (WithoutInterruption(LibC.FDataSync, file) != 0)
            throw PlatformException.Last("fdatasync", path);
    }

    /// <summary>Waits until data and all metadata (mode, times) of a file are on the medium.</summary>
    /// <exception cref="PlatformException">They are not.</exception>
    public static void SyncFile(string path)
    {
        using var file = Open(path);
        if (WithoutInterruption(LibC.FSync, file) != 0)
            throw PlatformException.Last("fsync", path);
    }

    /// <summary>Waits until the names in a directory are on the medium.</summary>
    /// <exception cref="PlatformException">They are not.</exception>
    public static void SyncDirectory(string path) => SyncFile(path);

    /// <summary>Waits until everything written so far to the file system that holds <paramref name="path"/> is on the medium.</summary>
    /// <exception cref="PlatformException">It is not.</exception>
    public static void SyncFileSystem(string path)
    {
        using var file = Open(path);
        if (WithoutInterruption(LibC.SyncFs, file) != 0)
            throw PlatformException.Last("syncfs", path);
    }

    // Not File.OpenHandle: it refuses directories and takes a flock of its own.
    private static SafeFileHandle Open(string path)
    {
        var file = LibC.Open(path, OpenFlags.ReadOnly | OpenFlags.CloseOnExec, 0);
        if (!file.IsInvalid)
            return file;
        var failure = PlatformException.Last("open", path);
        file.Dispose();
        throw failure;
    }

    private static int WithoutInterruption(Func<SafeFileHandle, int> call, SafeFileHandle file)
    {
        int result;
        do
        {
            result = call(file);
        } while (result != 0 && Marshal.GetLastPInvokeError() == (int)Errno.EINTR);
        return result;
    }
}
