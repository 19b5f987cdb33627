using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Control;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Node.Status;
using StatelessSwarm.Node.Updating;

namespace StatelessSwarm.Cli.Nodes;

/// <summary><c>stateless update</c></summary>
internal static class UpdateCommand
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var options = new NodeOptionSet(context);
        var json = JsonOption.Create();
        var command = new ToolCommand(
            "update",
            "Updates once: by the daemon, when one runs, otherwise in this process. Ends with 5 when there is nothing to do.",
            "stateless update --server http://seed.example:8080 --follow web/stable --trust /etc/stateless/root.mp"
        );
        options.AddTo(command);
        command.Add(json);
        command.SetAction(
            async (result, cancellation) =>
            {
                var (settings, defaults) = options.Read(result);
                var socket = NodeOptions.ControlSocketIn(settings.RunDirectory(defaults));
                var update = await context.Progress.RunAsync(
                    "updating",
                    async progress =>
                        await ControlClient.TryRunAsync(
                            socket,
                            ControlRequestKind.UpdateNow,
                            new StatusProgress(progress),
                            context.Time,
                            cancellation
                        ) ?? await RunHereAsync(settings.ToOptions(defaults), new StatusProgress(progress), context.Time, cancellation)
                );
                ResultText.Write(context, update, result.GetValue(json));
                return (int)(
                    update.Outcome is UpdateOutcome.Activated or UpdateOutcome.Staged ? ExitCode.Done : ExitCode.Nothing
                );
            }
        );
        return command;
    }

    private static async Task<UpdateResult> RunHereAsync(
        NodeOptions options,
        IProgress<NodeStatus> progress,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        await using var node = await NodeRuntime.StartAsync(options, time, NullLoggerFactory.Instance, cancellation);
        var update = node.UpdateAsync(cancellation);
        while (!update.IsCompleted)
        {
            progress.Report(node.GetStatus());
            await Task.WhenAny(update, Task.Delay(LookInterval, time, cancellation));
        }
        return await update;
    }
}
