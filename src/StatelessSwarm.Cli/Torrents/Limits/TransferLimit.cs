using System.CommandLine;
using StatelessSwarm.Node.Torrents;

namespace StatelessSwarm.Cli.Torrents.Limits;

/// <summary>A limit or habit of the engine as an option of <c>get</c> and <c>serve</c>.</summary>
/// <param name="Group">Heading it stands under in the help.</param>
/// <param name="Option">The option; hidden in the short help.</param>
/// <param name="IsForSeeds">It means something while serving; the others are for downloads only.</param>
/// <param name="Apply">Takes what was typed over.</param>
internal sealed record TransferLimit(
    string Group,
    Option Option,
    bool IsForSeeds,
    Func<ParseResult, TransferOptions, TransferOptions> Apply
);
