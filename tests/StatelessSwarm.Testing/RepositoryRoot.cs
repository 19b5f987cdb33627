namespace StatelessSwarm.Testing;

/// <summary>Where this checkout is, for tests that run its tools and read its documents.</summary>
public static class RepositoryRoot
{
    /// <summary>Absolute path of the directory that holds StatelessSwarm.sln.</summary>
    public static string Path { get; } = Find();

    private static string Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(directory.FullName, "StatelessSwarm.sln")))
                return directory.FullName;
        }
        throw new DirectoryNotFoundException($"no StatelessSwarm.sln above {AppContext.BaseDirectory}");
    }
}
