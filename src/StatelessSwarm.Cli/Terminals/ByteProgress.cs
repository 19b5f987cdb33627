using StatelessSwarm.Cli.Units;

namespace StatelessSwarm.Cli.Terminals;

/// <summary>Passes on a count of bytes as progress of a known total.</summary>
internal sealed class ByteProgress(IProgress<ProgressStep> target, long totalBytes) : IProgress<long>
{
    /// <inheritdoc/>
    public void Report(long value) =>
        target.Report(new ProgressStep(value, totalBytes, $"{ByteCount.Format(value)} of {ByteCount.Format(totalBytes)}"));
}
