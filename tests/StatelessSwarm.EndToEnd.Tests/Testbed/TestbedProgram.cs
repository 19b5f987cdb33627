using System.Diagnostics;

namespace StatelessSwarm.EndToEnd.Tests.Testbed;

/// <summary>A program of the repository's <c>testbed</c> folder, run to its end.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">What it printed, both streams.</param>
internal sealed record TestbedProgram(int ExitCode, string Output)
{
    // Several times what a run takes on a busy machine; a program that hangs is ended with all it started.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(6);

    /// <summary>The folder that holds the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The last line printed.</summary>
    public string LastLine => Output.TrimEnd().Split('\n')[^1];

    /// <summary>The lab is made of network namespaces: only root can build one.</summary>
    public static bool CanBuildLabs => Environment.IsPrivilegedProcess;

    /// <summary>Runs <c>testbed/NAME</c> with arguments.</summary>
    public static async Task<TestbedProgram> RunAsync(string name, params string[] arguments)
    {
        ProcessStartInfo start = new("python3", [Path.Combine(Root, "testbed", name), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = Root,
        };
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource limit = new(Limit, TimeProvider.System);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return new TestbedProgram(-1, await error + await output + $"\nended after {Limit.TotalMinutes} minutes");
        }

        return new TestbedProgram(process.ExitCode, await error + await output);
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "StatelessSwarm.sln")))
            {
                return at.FullName;
            }
        }

        throw new InvalidOperationException("no StatelessSwarm.sln above " + AppContext.BaseDirectory);
    }
}
