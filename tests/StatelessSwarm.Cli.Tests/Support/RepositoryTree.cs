namespace StatelessSwarm.Cli.Tests.Support;

/// <summary>Where the sources are: the directory above the test's that holds the solution.</summary>
internal static class RepositoryTree
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "StatelessSwarm.sln")))
                return directory.FullName;
        }
        throw new InvalidOperationException("The tests run outside the repository.");
    }
}
