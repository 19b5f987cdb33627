using System.Text;
using StatelessSwarm.Platform.Errors;

namespace StatelessSwarm.Platform.Files;

/// <summary>symlink(2) and readlink(2).</summary>
public static class SymbolicLink
{
    /// <summary>Longest link text read: PATH_MAX.</summary>
    private const int MaxTargetBytes = 4096;

    /// <summary>Makes a link at <paramref name="path"/> with the text <paramref name="target"/>.</summary>
    /// <exception cref="PlatformException">EEXIST: something is there; ENOSPC: no room; or another failure.</exception>
    public static void Create(string target, string path)
    {
        if (LibC.SymbolicLink(target, path) != 0)
            throw PlatformException.Last("symlink", path);
    }

    /// <summary>The link's text; null when nothing is there.</summary>
    /// <exception cref="PlatformException">EINVAL: not a link; or another failure.</exception>
    public static string? Read(string path)
    {
        Span<byte> buffer = stackalloc byte[MaxTargetBytes];
        var length = LibC.ReadLink(path, buffer, (nuint)buffer.Length);
        if (length >= 0)
            return Encoding.UTF8.GetString(buffer[..(int)length]);
        var failure = PlatformException.Last("readlink", path);
        return failure.Error == Errno.ENOENT ? null : throw failure;
    }
}
