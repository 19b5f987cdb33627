using System.CommandLine;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Node.Booting;

namespace StatelessSwarm.Cli.Booting;

/// <summary><c>stateless boot parameters</c></summary>
internal static class BootParametersCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var line = new Argument<string?>("LINE") { Description = "A kernel command line to check; without it, the parameters are listed.", Arity = ArgumentArity.ZeroOrOne };
        var command = new ToolCommand(
            "parameters",
            "Lists the kernel parameters of a boot, or checks a command line.",
            "stateless boot parameters 'root=stateless:web/stable rd.stateless.seed=http://seed.example:8080'"
        )
        {
            line,
        };
        command.SetAction(result =>
        {
            if (result.GetValue(line) is not { } text)
            {
                foreach (var (name, placeholder, description) in BootParameterReader.All)
                    context.Terminal.Out.WriteLine($"{name}{(placeholder.Length > 0 ? "=" + placeholder : "")}\n    {description}");
                return (int)ExitCode.Done;
            }
            var (parameters, warnings) = BootParameterReader.Read(KernelCommandLine.Parse(text));
            foreach (var warning in warnings)
                context.Terminal.Note(warning);
            context.Terminal.Out.WriteLine(parameters.Follow is { } follow ? $"boots {follow}" : "boots what the configuration file of the initramfs follows");
            return (int)(warnings.Count > 0 ? ExitCode.Usage : ExitCode.Done);
        });
        return command;
    }
}
