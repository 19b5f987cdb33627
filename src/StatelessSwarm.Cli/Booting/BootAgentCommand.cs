using System.CommandLine;
using System.Globalization;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Node.Booting;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Platform.Errors;
using StatelessSwarm.Platform.Machine;
using Microsoft.Extensions.Logging;

namespace StatelessSwarm.Cli.Booting;

/// <summary><c>stateless boot agent</c>: what goes on after the hand-over. Started by <c>boot root</c>, not by people.</summary>
internal static class BootAgentCommand
{
    private const string WatchdogPath = "/dev/watchdog";

    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var root = new Option<string?>("--root") { HelpName = "DIR", Description = "The agent's own tree." };
        var run = BootCommands.RunOption();
        var bless = new Option<string>("--bless-timeout") { HelpName = "TIME", Description = "A new release that is not blessed for so long restarts the machine; 0 never.", DefaultValueFactory = _ => "10m" };
        var watchdog = new Option<string>("--watchdog") { HelpName = "TIME", Description = "Arms /dev/watchdog until then; 0 leaves it alone.", DefaultValueFactory = _ => "0" };
        var command = new ToolCommand(
            "agent",
            "Serves neighbours after the hand-over, and restarts the machine when a new release is not blessed in time. `stateless boot root` starts it.",
            "stateless boot agent --root /run/stateless-agent"
        )
        {
            root,
            run,
            bless,
            watchdog,
        };
        command.Hidden = true;
        command.SetAction(
            async (result, cancellation) =>
            {
                var patience = TimeOf(result.GetValue(bless)!, "--bless-timeout");
                var feeding = TimeOf(result.GetValue(watchdog)!, "--watchdog");
                if (result.GetValue(root) is { } tree)
                {
                    MachineControl.ChangeRoot(tree);
                    MachineControl.LeaveTerminal();
                }
                await using var log = new KernelLog();
                try
                {
                    await File.WriteAllTextAsync(
                        ResidentAgent.ReadyPath(result.GetValue(run)!),
                        string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}\n"),
                        cancellation
                    );
                    await RunAsync(context, log, result.GetValue(run)!, patience, feeding, cancellation);
                    return (int)ExitCode.Done;
                }
                catch (Exception fault) when (fault is not OperationCanceledException)
                {
                    // nobody reads its error output any more
                    await log.WriteLineAsync($"the agent ends: {FaultMapper.Map(fault).Line}");
                    throw;
                }
            }
        );
        return command;
    }

    private static async Task RunAsync(CommandContext context, TextWriter log, string runDirectory, TimeSpan patience, TimeSpan feeding, CancellationToken cancellation)
    {
        var record = await BootRecordFile.ReadAsync(runDirectory, cancellation);
        var settings = new NodeSettings();
        NodeConfigurationFile.Read(Path.Combine(runDirectory, "node.json"), settings);
        var options = settings.ToOptions(NodeDefaults.For(isRoot: true, context.Variable)) with { GivesWay = true };
        using var loggers = LineLoggers.Create(log, isVerbose: false, context.Time);
        var trial = record.IsPersistent && record.Tries is { IsGood: false }
            ? WatchTrialAsync(context, loggers, record, patience, feeding, cancellation)
            : Task.CompletedTask;
        try
        {
            await NodeDaemon.RunAsync(options, log, isVerbose: false, context.Time, cancellation);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            await log.WriteLineAsync($"the agent does not serve: {FaultMapper.Map(fault).Line}");
        }
        // another process has taken over the node; the trial goes on here
        await trial;
    }

    private static async Task WatchTrialAsync(CommandContext context, ILoggerFactory loggers, BootRecord record, TimeSpan patience, TimeSpan feeding, CancellationToken cancellation)
    {
        var logger = loggers.CreateLogger("boot");
        using var device = feeding > TimeSpan.Zero ? TryOpenWatchdog(feeding) : null;
        var watch = new TrialWatch(patience, context.Time, logger);
        await watch.RunAsync(record.StateDirectory, record.Release.Digest, () => device?.Feed(), MachineControl.Reboot, cancellation);
    }

    private static Watchdog? TryOpenWatchdog(TimeSpan timeout)
    {
        try
        {
            return Watchdog.Open(WatchdogPath, timeout);
        }
        catch (PlatformException)
        {
            // none here, or systemd has it
            return null;
        }
    }

    private static TimeSpan TimeOf(string text, string option) =>
        Duration.TryParse(text, out var time) ? time : throw new CommandException(ExitCode.Usage, $"{option} {text}: expected a time, for example 30s or 5m");
}
