using Microsoft.Win32.SafeHandles;

namespace StatelessSwarm.Seed.Files;

/// <summary>Where a path really leads, symbolic links of every segment followed.</summary>
internal static class RealPath
{
    /// <summary>Most links followed, the kernel's own bound (ELOOP).</summary>
    private const int MaxLinks = 40;

    /// <summary>The real path of an existing file or directory.</summary>
    /// <exception cref="IOException">Too many links.</exception>
    public static string Resolve(string path)
    {
        var pending = new Stack<string>(Path.GetFullPath(path).Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse());
        var resolved = "/";
        var links = 0;
        while (pending.TryPop(out var segment))
        {
            if (segment == "..")
            {
                resolved = Path.GetDirectoryName(resolved) ?? "/";
                continue;
            }
            var next = Path.Combine(resolved, segment);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                resolved = next;
                continue;
            }
            if (++links > MaxLinks)
                throw new IOException($"{path}: too many symbolic links");
            if (target.StartsWith('/'))
                resolved = "/";
            foreach (var part in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse())
            {
                if (part != ".")
                    pending.Push(part);
            }
        }
        return resolved;
    }

    /// <summary>The real path of an open file, as the kernel knows it: what was checked is what is read.</summary>
    public static string OfOpenFile(SafeFileHandle handle, string openedPath) =>
        new FileInfo($"/proc/self/fd/{handle.DangerousGetHandle()}").LinkTarget ?? Resolve(openedPath);
}
