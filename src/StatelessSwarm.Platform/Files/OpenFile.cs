using Microsoft.Win32.SafeHandles;
using StatelessSwarm.Platform.Errors;

namespace StatelessSwarm.Platform.Files;

/// <summary>open(2) for what is no ordinary file: devices, and files whose descriptor a system call wants. Never inherited by a child.</summary>
internal static class OpenFile
{
    /// <summary>Opens it.</summary>
    /// <param name="path">Path.</param>
    /// <param name="flags">Of <see cref="OpenFlags"/>; O_CLOEXEC is added.</param>
    /// <exception cref="PlatformException">It cannot be opened.</exception>
    internal static SafeFileHandle At(string path, int flags)
    {
        var file = LibC.Open(path, flags | OpenFlags.CloseOnExec, 0);
        if (!file.IsInvalid)
            return file;
        var failure = PlatformException.Last("open", path);
        file.Dispose();
        throw failure;
    }
}
