using System.CommandLine;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Control;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Node.Updating;

namespace StatelessSwarm.Cli.Nodes;

/// <summary><c>stateless activate</c> and <c>stateless rollback</c></summary>
internal static class SlotCommands
{
    private delegate Task<UpdateResult> OfflineChange(
        string stateDirectory,
        string? mountDirectory,
        long upperBytes,
        CancellationToken cancellation
    );

    /// <summary>Makes next current.</summary>
    public static Command CreateActivate(CommandContext context) =>
        Create(
            context,
            new ToolCommand(
                "activate",
                "Makes the next release current, or takes the one again that was rolled back.",
                "stateless activate"
            ),
            ControlRequestKind.Activate,
            OfflineNode.ActivateAsync
        );

    /// <summary>Exchanges current and previous.</summary>
    public static Command CreateRollBack(CommandContext context) =>
        Create(
            context,
            new ToolCommand(
                "rollback",
                "Makes the previous release current again; the one rolled back is not taken again by itself.",
                "stateless rollback"
            ),
            ControlRequestKind.RollBack,
            OfflineNode.RollBackAsync
        );

    private static ToolCommand Create(CommandContext context, ToolCommand command, ControlRequestKind kind, OfflineChange change)
    {
        var options = new NodeOptionSet(context, "state", "run", "mount", "no-mount", "upper-size");
        var json = JsonOption.Create();
        options.AddTo(command);
        command.Add(json);
        command.SetAction(
            async (result, cancellation) =>
            {
                var (settings, defaults) = options.Read(result);
                var socket = NodeOptions.ControlSocketIn(settings.RunDirectory(defaults));
                var done =
                    await ControlClient.TryRunAsync(socket, kind, null, context.Time, cancellation)
                    ?? await change(
                        settings.StateDirectory(defaults),
                        settings.MountDirectory(defaults),
                        settings.UpperBytes(),
                        cancellation
                    );
                ResultText.Write(context, done, result.GetValue(json));
                return (int)ExitCode.Done;
            }
        );
        return command;
    }
}
