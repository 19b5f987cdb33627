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
        var command = new ToolCommand(
            "node",
            "Runs the node: follows a channel, fetches its releases with the neighbours, activates them, and keeps serving them.",
            "stateless node --server http://seed.example:8080 --follow web/stable --trust /etc/stateless/root.mp"
        );
        options.AddTo(command);
        command.Add(verbose);
        command.SetAction(
            async (result, cancellation) =>
            {
                var (settings, defaults) = options.Read(result);
                await NodeDaemon.RunAsync(
                    settings.ToOptions(defaults),
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
