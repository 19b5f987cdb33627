using StatelessSwarm.Content.Manifests;

namespace StatelessSwarm.Trust.Repositories;

/// <summary>Walks over a repository that yield relative paths with '/', ordered, without following links.</summary>
internal static class RepositoryTree
{
    private static readonly EnumerationOptions Everything = new()
    {
        AttributesToSkip = FileAttributes.None,
        IgnoreInaccessible = false,
        RecurseSubdirectories = false,
    };

    /// <summary>The channel pointers.</summary>
    public static IReadOnlyList<string> ChannelFiles(string directory)
    {
        var channels = Path.Combine(directory, RepositoryLayout.Channels);
        if (!Directory.Exists(channels))
            return [];
        var paths = new List<string>();
        foreach (var product in Directory.EnumerateDirectories(channels, "*", Everything))
        {
            foreach (var path in Directory.EnumerateFiles(product, "*.mp", Everything))
            {
                if (ManifestText.IsName(Path.GetFileName(product)) && ManifestText.IsName(Path.GetFileNameWithoutExtension(path)))
                    paths.Add(Relative(directory, path));
            }
        }
        paths.Sort(StringComparer.Ordinal);
        return paths;
    }

    /// <summary>
    /// Every file, link and empty directory but those of the publisher (<c>.lock</c>, <c>.staging</c>, <c>.notes.mp</c>).
    /// </summary>
    public static IEnumerable<string> Entries(string directory)
    {
        var pending = new Stack<string>();
        pending.Push(directory);
        while (pending.TryPop(out var current))
        {
            var isEmpty = true;
            foreach (var entry in new DirectoryInfo(current).EnumerateFileSystemInfos("*", Everything).OrderBy(entry => entry.Name, StringComparer.Ordinal))
            {
                isEmpty = false;
                var relative = Relative(directory, entry.FullName);
                if (relative is RepositoryLayout.Lock or RepositoryLayout.Staging or RepositoryLayout.Notes)
                    continue;
                if (entry is DirectoryInfo && entry.LinkTarget is null)
                    pending.Push(entry.FullName);
                else
                    yield return relative;
            }
            if (isEmpty && Relative(directory, current) is not (RepositoryLayout.Releases or "."))
                yield return Relative(directory, current);
        }
    }

    private static string Relative(string directory, string path) => Path.GetRelativePath(directory, path).Replace('\\', '/');
}
