using System.Globalization;
using StatelessSwarm.Interop.Tests.Clients;

namespace StatelessSwarm.Interop.Tests.Stateless;

/// <summary>Our own program, run as one of them: <c>stateless torrent serve</c>, or <c>get --seed-after</c>.</summary>
internal sealed class StatelessClient(PeerProgramOptions options) : PeerProgram(options, Prepare)
{
    /// <summary>A seed sends at most this much, in bytes per second, so that the others need each other.</summary>
    private const int SeedLimit = 4_000_000;

    /// <inheritdoc/>
    protected override bool IsReadyLine(string line) => Holds(line, "ready: peers=");

    /// <inheritdoc/>
    protected override bool IsCompleteLine(string line) => line.StartsWith("complete: ", StringComparison.Ordinal);

    /// <inheritdoc/>
    protected override bool IsComplaint(string line) => OurPeer.IsComplaint(line);

    private static IReadOnlyList<string> Prepare(PeerProgramOptions options)
    {
        IReadOnlyList<string> task = options.IsSeed
            ? ["serve", options.Sample.TorrentPath, options.ContentDirectory, "--upload-limit", $"{SeedLimit}"]
            : ["get", options.Sample.TorrentPath, "--output", options.ContentDirectory, "--seed-after"];
        return options.CommandFor(
            ProgramPath(),
            [
                "torrent",
                .. task,
                "--verbose",
                "--listen",
                $"{options.EndPoint.Address}",
                "--port",
                options.EndPoint.Port.ToString(CultureInfo.InvariantCulture),
            ]
        );
    }

    private static string ProgramPath()
    {
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        return Path.GetFullPath(
            Path.Combine(AppContext.BaseDirectory, "..", "..", "StatelessSwarm.Cli", configuration, "stateless")
        );
    }
}
