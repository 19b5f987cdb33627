using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Terminals;

namespace StatelessSwarm.Cli;

internal static class Program
{
    private static Task<int> Main(string[] arguments) =>
        CommandTree.RunAsync(
            arguments,
            new CommandContext { Terminal = Terminal.FromConsole() },
            CancellationToken.None
        );
}
