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
        var bytes = $"{ByteCount.Format(progress.DoneBytes)} of {ByteCount.Format(progress.TotalBytes)}";
        var sources =
            $"disk {ByteCount.Format(progress.Sources.Disk)}, lan {ByteCount.Format(progress.Sources.Lan)}, "
            + $"wan {ByteCount.Format(progress.Sources.Wan)}, http {ByteCount.Format(progress.Sources.Http)}";
        target.Report(
            new ProgressStep(
                progress.DoneBytes,
                progress.TotalBytes,
                value.Phase == UpdatePhase.Downloading
                    ? $"{progress.Version} {bytes}; {sources}; {progress.Peers} peers"
                    : $"{progress.Version} {PhaseNames.Of(value.Phase)} {bytes}"
            )
        );
    }
}
