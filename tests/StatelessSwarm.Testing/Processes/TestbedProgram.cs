namespace StatelessSwarm.Testing.Processes;

/// <summary>A program of the repository's <c>testbed</c> folder, run to its end.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">What it printed, both streams.</param>
public sealed record TestbedProgram(int ExitCode, string Output)
{
    // Several times what a run takes on a busy machine; a program that hangs is ended with all it started.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(6);

    /// <summary>The last line printed.</summary>
    public string LastLine => Output.TrimEnd().Split('\n')[^1];

    /// <summary>The lab is made of network namespaces: only root can build one.</summary>
    public static bool CanBuildLabs => Environment.IsPrivilegedProcess;

    /// <summary>Runs <c>testbed/NAME</c> with arguments.</summary>
    public static Task<TestbedProgram> RunAsync(string name, params string[] arguments) => RunAsync(Limit, name, arguments);

    /// <summary>Runs <c>testbed/NAME</c> with arguments, for at most <paramref name="limit"/>.</summary>
    public static async Task<TestbedProgram> RunAsync(TimeSpan limit, string name, params string[] arguments)
    {
        var (code, output) = await LineProcess.RunAsync(
            limit,
            "env",
            ["-C", RepositoryRoot.Path, "PYTHONDONTWRITEBYTECODE=1", "python3", $"testbed/{name}", .. arguments]
        );
        return new TestbedProgram(code, output);
    }
}
