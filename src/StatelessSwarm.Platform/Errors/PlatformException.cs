using System.Runtime.InteropServices;

namespace StatelessSwarm.Platform.Errors;

/// <summary>A system call failed. The message is one line: call, path, error name and the system's words for it.</summary>
public sealed class PlatformException : IOException
{
    /// <summary>The failure of <paramref name="call"/> on <paramref name="path"/>.</summary>
    public PlatformException(string call, string path, Errno error)
        : base($"{call} {path}: {NameOf(error)} ({Marshal.GetPInvokeErrorMessage((int)error)})")
    {
        Call = call;
        Path = path;
        Error = error;
    }

    /// <summary>The system call, with its request where one call has many: <c>ioctl(LOOP_CONFIGURE)</c>.</summary>
    public string Call { get; }

    /// <summary>What it was asked to work on.</summary>
    public string Path { get; }

    /// <summary>Why it failed.</summary>
    public Errno Error { get; }

    /// <summary>The file system, a quota or the inode table is full.</summary>
    public bool IsNoSpace => Error is Errno.ENOSPC or Errno.EDQUOT;

    /// <summary>The failure the last call of this thread left behind. Call it first thing after the call.</summary>
    internal static PlatformException Last(string call, string path) =>
        new(call, path, (Errno)Marshal.GetLastPInvokeError());

    private static string NameOf(Errno error) => Enum.IsDefined(error) ? error.ToString() : $"errno {(int)error}";
}
