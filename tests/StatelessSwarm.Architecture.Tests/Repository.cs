namespace StatelessSwarm.Architecture.Tests;

/// <summary>The checked-out repository these tests were built from.</summary>
internal static class Repository
{
    private static readonly string[] Generated = ["artifacts", "bin", "obj", ".git"];

    /// <summary>The folder that holds the solution.</summary>
    public static string Root => StatelessSwarm.Testing.RepositoryRoot.Path;

    /// <summary>Every file below a folder of the repository, generated ones left out; paths relative to the root, '/' between.</summary>
    public static IEnumerable<string> Files(string folder, string pattern)
    {
        string start = Path.Combine(Root, folder);
        foreach (string path in Directory.EnumerateFiles(start, pattern, SearchOption.AllDirectories))
        {
            string relative = Path.GetRelativePath(Root, path).Replace('\\', '/');
            if (!relative.Split('/').Any(part => Generated.Contains(part, StringComparer.Ordinal)))
            {
                yield return relative;
            }
        }
    }

    /// <summary>The text of a file named relative to the root.</summary>
    public static string Read(string relative) => File.ReadAllText(Path.Combine(Root, relative));
}
