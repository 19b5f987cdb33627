namespace StatelessSwarm.Interop.Tests.Stateless;

/// <summary>Our own program, built beside the tests.</summary>
internal static class StatelessProgram
{
    /// <summary>Absolute path of <c>stateless</c>.</summary>
    public static string Path { get; } = Find();

    private static string Find()
    {
        var configuration = System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        return System.IO.Path.GetFullPath(
            System.IO.Path.Combine(AppContext.BaseDirectory, "..", "..", "StatelessSwarm.Cli", configuration, "stateless")
        );
    }
}
