using StatelessSwarm.Testing;
using StatelessSwarm.Testing.Networks;
using StatelessSwarm.Testing.Processes;

namespace StatelessSwarm.Interop.Tests.Clients;

/// <summary>The testbed's HTTP tracker, on a free port. A peer's address is the one it announces from.</summary>
internal sealed class TrackerProgram : IAsyncDisposable
{
    private readonly LineProcess _process;

    private TrackerProgram(LineProcess process, Uri announce)
    {
        _process = process;
        Announce = announce;
    }

    /// <summary>What goes into a torrent.</summary>
    public Uri Announce { get; }

    /// <summary>Starts one.</summary>
    /// <param name="address">Address it is reached at.</param>
    /// <param name="host">Where it runs, or null for the machine's own network.</param>
    public static async Task<TrackerProgram> StartAsync(string address, NetworkNamespace? host = null)
    {
        IReadOnlyList<string> command =
        [
            .. host?.Enter ?? [],
            .. LineProcess.Guarded(
                "/usr/bin/python3",
                Path.Combine(RepositoryRoot.Path, "testbed", "peers", "tracker.py"),
                "--listen",
                address,
                "--port",
                "0",
                "--interval",
                "5"
            ),
        ];
        var process = LineProcess.StartForeign(command[0], [.. command.Skip(1)]);
        try
        {
            var line = await process.WaitForAsync("tracker on ", PeerProgram.Patience);
            return new TrackerProgram(process, new Uri($"http://{address}:{line.Split(' ')[^1]}/announce"));
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
