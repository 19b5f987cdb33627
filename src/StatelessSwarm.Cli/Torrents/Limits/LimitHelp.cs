using System.CommandLine;
using System.CommandLine.Invocation;

namespace StatelessSwarm.Cli.Torrents.Limits;

/// <summary><c>--help-limits</c>: the options that the short help leaves out, under their headings.</summary>
internal sealed class LimitHelp(IReadOnlyList<TransferLimit> limits) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <summary>The option that shows it.</summary>
    public static Option<bool> CreateOption(IReadOnlyList<TransferLimit> limits) =>
        new("--help-limits")
        {
            Description = $"Show {limits.Count} more options: limits, time-outs, how peers are found.",
            Action = new LimitHelp(limits),
        };

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var output = parseResult.InvocationConfiguration.Output;
        var width = limits.Max(limit => Title(limit.Option).Length);
        output.WriteLine("More options of `torrent get` and `torrent serve`. Sizes: 512K, 16M; times: 500ms, 30s, 5m.");
        foreach (var group in limits.GroupBy(limit => limit.Group))
        {
            output.WriteLine();
            output.WriteLine($"{group.Key}:");
            foreach (var limit in group)
                output.WriteLine($"  {Title(limit.Option).PadRight(width)}  {limit.Option.Description}");
        }
        return 0;
    }

    private static string Title(Option option) => option.HelpName is { } name ? $"{option.Name} <{name}>" : option.Name;
}
