using StatelessSwarm.Content.Archives;

namespace StatelessSwarm.Cli.Images;

/// <summary>How the files of one image differ from another's. Paths are for people, in the order of bytes.</summary>
internal sealed class FileChanges
{
    /// <summary>In the new image only.</summary>
    public List<string> Added { get; } = [];

    /// <summary>In the old image only.</summary>
    public List<string> Removed { get; } = [];

    /// <summary>In both, otherwise; and what is otherwise.</summary>
    public List<(string Path, string What)> Changed { get; } = [];

    /// <summary>Compares. Time stamps do not count: every image of ours has one.</summary>
    public static FileChanges Between(Dictionary<string, ImageFile> old, Dictionary<string, ImageFile> wanted)
    {
        var changes = new FileChanges();
        foreach (var path in old.Keys.Union(wanted.Keys).Order(StringComparer.Ordinal))
        {
            var shown = path.Length == 0 ? "/" : TarEntry.Display(path);
            if (!old.TryGetValue(path, out var before))
                changes.Added.Add(shown);
            else if (!wanted.TryGetValue(path, out var after))
                changes.Removed.Add(shown);
            else if (before.ChangesTo(after) is { Length: > 0 } what)
                changes.Changed.Add((shown, what));
        }
        return changes;
    }
}
