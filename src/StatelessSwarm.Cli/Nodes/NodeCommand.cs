using System.CommandLine;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Node.Hosting;

namespace StatelessSwarm.Cli.Nodes;

/// <summary><c>stateless node</c></summary>
internal static class NodeCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var options = new NodeOptionSet(context);
        var verbose = new Option<bool>("--verbose") { Description = "Log more." };
        var takesOver = new Option<bool>("--take-over") { Description = "In an image that was booted: ask the agent of the initramfs to end, and go on in its place." };
        var command = new ToolCommand(
            "node",
            "Runs the node: follows a channel, fetches its releases with the neighbours, activates them, and keeps serving them.",
            "stateless node --server http://seed.example:8080 --follow web/stable --trust /etc/stateless/root.mp"
        );
        options.AddTo(command);
        command.Add(verbose);
        command.Add(takesOver);
        command.SetAction(
            async (result, cancellation) =>
            {
                var (settings, defaults) = options.Read(result);
                var node = settings.ToOptions(defaults);
                if (result.GetValue(takesOver))
                    await NodeDaemon.TakeOverAsync(node, context.Time, cancellation);
                await NodeDaemon.RunAsync(
                    node,
                    context.Terminal.Error,
                    result.GetValue(verbose),
                    context.Time,
                    cancellation
                );
                return (int)ExitCode.Done;
            }
        );
        return command;
    }
}
