using System.CommandLine;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Control;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Limits;

namespace StatelessSwarm.Cli.Nodes;

/// <summary><c>stateless limit</c></summary>
internal static class LimitCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var node = new NodeOptionSet(context, "state", "run");
        var json = JsonOption.Create();
        var reset = new Option<bool>("--reset") { Description = "Forget what was changed before: back to the options and the hours." };
        var command = new ToolCommand(
            "limit",
            "Shows the daemon's limits, and changes them until it restarts. Rates are bytes per second (5M is 5 x 1048576); full lifts a limit, off stops such transfers.",
            "stateless limit --wan-down 2M"
        );
        List<(LimitName Name, Option<string?> Option)> limits = [];
        foreach (var name in LimitNames.All)
        {
            var option = new Option<string?>("--" + LimitNames.OptionOf(name))
            {
                HelpName = "RATE",
                Description = LimitNames.DescriptionOf(name),
            };
            limits.Add((name, option));
            command.Add(option);
        }
        command.Add(reset);
        command.Add(json);
        node.AddTo(command);
        command.SetAction(
            async (result, cancellation) =>
            {
                var rates = new Dictionary<LimitName, long?>();
                foreach (var (name, option) in limits)
                {
                    if (result.GetValue(option) is not { } text)
                        continue;
                    rates[name] = LimitRate.TryParse(text, out var rate)
                        ? rate
                        : throw new CommandException(ExitCode.Usage, $"{option.Name} {text}: expected {LimitRate.Expected}");
                }
                var (settings, defaults) = node.Read(result);
                var socket = NodeOptions.ControlSocketIn(settings.RunDirectory(defaults));
                var change = new LimitChange(result.GetValue(reset), rates);
                var status =
                    await ControlClient.TryLimitAsync(socket, change, context.Time, cancellation)
                    ?? throw new NodeException(FaultKind.Unreachable, $"{socket}: no daemon listens");
                if (result.GetValue(json))
                    JsonOption.Write(context.Terminal.Out, writer => LimitJson.Write(writer, status));
                else
                    LimitText.Write(context.Terminal.Out, status);
                return (int)ExitCode.Done;
            }
        );
        return command;
    }
}
