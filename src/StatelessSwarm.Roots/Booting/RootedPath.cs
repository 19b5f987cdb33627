using StatelessSwarm.Platform.Errors;
using StatelessSwarm.Platform.Files;

namespace StatelessSwarm.Roots.Booting;

/// <summary>Paths as a process with another root directory would see them: links that begin with '/' stay below that root.</summary>
internal static class RootedPath
{
    /// <summary>As in the kernel (MAXSYMLINKS).</summary>
    private const int MaxLinks = 40;

    /// <summary>The file that <paramref name="path"/> names below <paramref name="root"/>, links followed; null when there is none.</summary>
    internal static string? Resolve(string root, string path)
    {
        var rest = new Stack<string>(path.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse());
        var at = new List<string>();
        for (var links = 0; rest.TryPop(out var part); )
        {
            if (part == ".")
                continue;
            if (part == "..")
            {
                if (at.Count > 0)
                    at.RemoveAt(at.Count - 1);
                continue;
            }
            var here = Path.Combine([root, .. at, part]);
            if (ReadLink(here) is not { } text)
            {
                at.Add(part);
                continue;
            }
            if (++links > MaxLinks)
                return null;
            if (text.StartsWith('/'))
                at.Clear();
            foreach (var piece in text.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse())
                rest.Push(piece);
        }
        var found = Path.Combine([root, .. at]);
        return File.Exists(found) ? found : null;
    }

    private static string? ReadLink(string path)
    {
        try
        {
            return SymbolicLink.Read(path);
        }
        catch (PlatformException fault) when (fault.Error is Errno.EINVAL or Errno.ENOTDIR)
        {
            return null;
        }
    }
}
