using System.CommandLine;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Tools;
using StatelessSwarm.Roots.Booting;
using StatelessSwarm.Roots.Releases;

namespace StatelessSwarm.Cli.Booting;

/// <summary><c>stateless boot bless</c></summary>
internal static class BootBlessCommand
{
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromMinutes(1);

    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var run = BootCommands.RunOption();
        var checks = new Option<string>("--health")
        {
            HelpName = "DIR",
            Description = "Directory of checks: each program in required.d has to end with 0, each in wanted.d should.",
            DefaultValueFactory = _ => "/etc/stateless/health",
        };
        var command = new ToolCommand(
            "bless",
            "Says that the release that runs is good: its boots are not counted any more. Runs the health checks first; called by stateless-bless.service.",
            "stateless boot bless"
        )
        {
            run,
            checks,
        };
        command.SetAction(
            async (result, cancellation) =>
            {
                var record = await BootRecordFile.ReadAsync(result.GetValue(run)!, cancellation);
                await CheckAsync(context, Path.Combine(result.GetValue(checks)!, "wanted.d"), isRequired: false, cancellation);
                await CheckAsync(context, Path.Combine(result.GetValue(checks)!, "required.d"), isRequired: true, cancellation);
                if (record.IsPersistent)
                    BootLedger.Open(ReleaseStore.Open(record.StateDirectory)).Bless(record.Release.Digest);
                context.Terminal.Note($"{record.Product} {record.Release.Version} {(record.IsPersistent ? "is good" : "runs from memory: its boots are not counted")}");
                return (int)ExitCode.Done;
            }
        );
        return command;
    }

    private static async Task CheckAsync(CommandContext context, string directory, bool isRequired, CancellationToken cancellation)
    {
        if (!Directory.Exists(directory))
            return;
        foreach (var program in Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal))
        {
            if ((File.GetUnixFileMode(program) & UnixFileMode.UserExecute) == UnixFileMode.None)
                continue;
            using var limit = new CancellationTokenSource(CheckTimeout, context.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
            try
            {
                await new ToolRun { Program = program, Arguments = [] }.RunAsync(either.Token);
            }
            catch (Exception fault) when (fault is CommandException or IOException or System.ComponentModel.Win32Exception or OperationCanceledException && !cancellation.IsCancellationRequested)
            {
                var line = fault is OperationCanceledException ? $"no end within {CheckTimeout.TotalSeconds:0} s" : fault.Message;
                if (isRequired)
                    throw new CommandException(ExitCode.Failed, $"not blessed: {program}: {line}");
                context.Terminal.Note($"{program}: {line}");
            }
        }
    }
}
