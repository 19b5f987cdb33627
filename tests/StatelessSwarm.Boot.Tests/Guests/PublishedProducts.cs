using StatelessSwarm.Testing;
using StatelessSwarm.Testing.Processes;

namespace StatelessSwarm.Boot.Tests.Guests;

/// <summary>The programs as users get them, published once for all guests, where other tests and tools look for them too.</summary>
public sealed class PublishedProducts : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Folder with a folder per program.</summary>
    public string Directory { get; } = Path.Combine(RepositoryRoot.Path, "artifacts", "product");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        var run = await TestbedProgram.RunAsync(Patience, "product.py");
        if (run.ExitCode != 0)
            throw new InvalidOperationException(run.Output);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
