using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using StatelessSwarm.Cli.Booting;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Identities;
using StatelessSwarm.Cli.Images;
using StatelessSwarm.Cli.Keys;
using StatelessSwarm.Cli.Nodes;
using StatelessSwarm.Cli.Repositories;
using StatelessSwarm.Cli.Torrents;
using StatelessSwarm.Cli.Trusting;
using StatelessSwarm.Node.Configuration;

namespace StatelessSwarm.Cli.Commands;

/// <summary>Every command of <c>stateless</c>, and how one is run.</summary>
internal static class CommandTree
{
    // how long a command may take to end after SIGINT or SIGTERM; the node says goodbye to peers and trackers in it
    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The root command with everything below it.</summary>
    public static RootCommand Create(CommandContext context)
    {
        var root = new RootCommand("StatelessSwarm: one read-only image for many machines, fetched from each other.");
        root.Add(ImageCommands.Create(context));
        root.Add(KeyCommands.Create(context));
        root.Add(IdentityCommands.Create(context));
        root.Add(TrustCommands.Create(context));
        root.Add(RepositoryCommands.Create(context));
        root.Add(PublishCommand.Create(context));
        root.Add(ChannelCommands.Create(context));
        root.Add(TorrentCommands.Create(context));
        root.Add(NodeCommand.Create(context));
        root.Add(UpdateCommand.Create(context));
        root.Add(StatusCommand.Create(context));
        root.Add(LimitCommand.Create(context));
        root.Add(PlanCommand.Create(context));
        root.Add(SlotCommands.CreateActivate(context));
        root.Add(SlotCommands.CreateRollBack(context));
        root.Add(CollectCommands.CreateCollect(context));
        root.Add(CollectCommands.CreatePin(context));
        root.Add(CollectCommands.CreateUnpin(context));
        root.Add(BootCommands.Create(context));
        foreach (var option in root.Options)
        {
            if (option is HelpOption { Action: HelpAction action } help)
                help.Action = new HelpWithExamples(action);
        }
        return root;
    }

    /// <summary>Parses and runs; every fault becomes one line on the error stream and an exit code.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CommandContext context, CancellationToken cancellation)
    {
        var terminal = context.Terminal;
        try
        {
            // a word that begins with '@' is a word: names of files may, and the agent of an initramfs is called so
            var result = Create(context).Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
            if (result.Action is ParseErrorAction)
            {
                var message =
                    result.UnmatchedTokens.Count > 0 ? UnknownWord(result)
                    : result.Errors.Count > 0 ? result.Errors[0].Message.TrimEnd('.')
                    : "wrong arguments";
                throw new CommandException(ExitCode.Usage, $"{message} (see `{CommandPath(result)} --help`)");
            }
            var configuration = new InvocationConfiguration
            {
                Output = terminal.Out,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TerminationTimeout,
            };
            return await result.InvokeAsync(configuration, cancellation);
        }
        catch (Exception fault)
        {
            var (code, line) = FaultMapper.Map(fault);
            terminal.Note(line);
            if (context.Variable("STATELESS_TRACE") == "1")
                await terminal.Error.WriteLineAsync(fault.ToString());
            return (int)code;
        }
    }

    private static string UnknownWord(ParseResult result)
    {
        var word = result.UnmatchedTokens[0];
        var command = result.CommandResult.Command;
        var known = word.StartsWith('-') ? command.Options.Select(option => option.Name) : command.Subcommands.Select(sub => sub.Name);
        var nearest = NearestName.Find(word, known);
        return $"{word}: unknown {(word.StartsWith('-') ? "option" : "command or argument")}"
            + (nearest is null ? "" : $", did you mean {nearest}?");
    }

    private static string CommandPath(ParseResult result)
    {
        var names = new List<string>();
        for (System.CommandLine.Parsing.SymbolResult? symbol = result.CommandResult; symbol is not null; symbol = symbol.Parent)
        {
            if (symbol is System.CommandLine.Parsing.CommandResult { Command: not RootCommand } command)
                names.Add(command.Command.Name);
        }
        names.Add("stateless");
        names.Reverse();
        return string.Join(' ', names);
    }
}
