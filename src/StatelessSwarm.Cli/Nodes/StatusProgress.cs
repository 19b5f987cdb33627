using StatelessSwarm.Cli.Terminals;
using StatelessSwarm.Cli.Units;
using StatelessSwarm.Node.Status;

namespace StatelessSwarm.Cli.Nodes;

/// <summary>Shows a node's status as progress.</summary>
internal sealed class StatusProgress(IProgress<ProgressStep> target) : IProgress<NodeStatus>
{
    /// <inheritdoc/>
    public void Report(NodeStatus value)
    {
        if (value.Progress is not { } progress)
        {
            target.Report(new ProgressStep(0, 0, PhaseNames.Of(value.Phase)));
            return;
        }
        var bytes = $"{progress.Version} {ByteCount.Format(progress.DoneBytes)} of {ByteCount.Format(progress.TotalBytes)}";
        target.Report(
            new ProgressStep(
                progress.DoneBytes,
                progress.TotalBytes,
                value.Phase == UpdatePhase.Downloading
                    ? $"{bytes}, {progress.Peers} peers{Sources(progress.Sources)}"
                    : $"{bytes}, {PhaseNames.Of(value.Phase)}"
            )
        );
    }

    // only those that gave something: a line has to fit a terminal
    private static string Sources(SourceBytes sources) =>
        string.Concat(
            new[] { ("disk", sources.Disk), ("lan", sources.Lan), ("wan", sources.Wan), ("http", sources.Http) }
                .Where(source => source.Item2 > 0)
                .Select(source => $", {source.Item1} {ByteCount.Format(source.Item2)}")
        );
}
