using StatelessSwarm.Testing;
using StatelessSwarm.Testing.Processes;

namespace StatelessSwarm.Aot.Tests;

/// <summary>
/// <c>stateless</c> published with NativeAOT, once for all tests, into the folder that <c>tools/demo</c> and <c>tools/bench</c> use
/// too, so that nothing is compiled twice.
/// </summary>
public sealed class PublishedProgram : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Absolute path of the native program.</summary>
    public string Path { get; } = System.IO.Path.Combine(RepositoryRoot.Path, "artifacts", "product", "Cli", "stateless");

    /// <summary>What publishing printed.</summary>
    public string PublishOutput { get; private set; } = "";

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        var (code, output) = await LineProcess.RunAsync(
            Patience,
            "dotnet",
            "publish",
            System.IO.Path.Combine(RepositoryRoot.Path, "src", "StatelessSwarm.Cli"),
            "-c",
            "Release",
            "-o",
            System.IO.Path.GetDirectoryName(Path)!,
            "--nologo",
            "-nodeReuse:false",
            "-p:UseSharedCompilation=true"
        );
        PublishOutput = output;
        if (code != 0)
            throw new InvalidOperationException($"dotnet publish ended with {code}:\n{output}");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Peak resident memory of a running process, bytes (VmHWM of proc(5)).</summary>
    public static long PeakMemory(int processId)
    {
        foreach (var line in File.ReadLines($"/proc/{processId}/status"))
        {
            if (line.StartsWith("VmHWM:", StringComparison.Ordinal))
                return 1024 * long.Parse(line["VmHWM:".Length..^"kB".Length], System.Globalization.CultureInfo.InvariantCulture);
        }
        throw new InvalidDataException($"/proc/{processId}/status has no VmHWM");
    }
}
