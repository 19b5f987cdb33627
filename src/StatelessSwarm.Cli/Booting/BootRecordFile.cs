using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Node.Booting;

namespace StatelessSwarm.Cli.Booting;

/// <summary>The record of a boot on disk.</summary>
internal static class BootRecordFile
{
    /// <summary>The record of this machine's boot.</summary>
    /// <exception cref="CommandException">It was not booted by us.</exception>
    public static async Task<BootRecord> ReadAsync(string runDirectory, CancellationToken cancellation)
    {
        var path = Path.Combine(runDirectory, BootRecord.FileName);
        if (!File.Exists(path))
            throw new CommandException(ExitCode.Nothing, $"{path}: no such file; this machine was not booted by stateless");
        if (new FileInfo(path).Length > BootRecord.MaxBytes)
            throw new CommandException(ExitCode.Failed, $"{path}: larger than {BootRecord.MaxBytes} bytes");
        return BootRecord.Read(await File.ReadAllBytesAsync(path, cancellation), path);
    }
}
