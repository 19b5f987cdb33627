using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Terminals;

namespace StatelessSwarm.Cli.Tests.Support;

/// <summary>Runs a command line in this process and keeps what it wrote.</summary>
internal sealed record CommandRun(int Code, string Out, string Error)
{
    public static async Task<CommandRun> RunAsync(Func<string, string?>? variable, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var context = new CommandContext
        {
            Terminal = new Terminal(output, TextWriter.Synchronized(error), IsInteractive: false),
            Variable = variable ?? Environment.GetEnvironmentVariable,
        };
        var code = await CommandTree.RunAsync(arguments, context, TestContext.Current.CancellationToken);
        return new CommandRun(code, output.ToString(), error.ToString());
    }

    public static Task<CommandRun> RunAsync(params string[] arguments) => RunAsync(null, arguments);
}
