namespace StatelessSwarm.Testing.Processes;

/// <summary>A program of this repository, built beside the tests in the same configuration.</summary>
public static class BuiltProgram
{
    /// <summary>Absolute path of a project's program; it is called like the project unless said otherwise.</summary>
    public static string PathOf(string project, string? name = null)
    {
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        return Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", project, configuration, name ?? project));
    }
}
