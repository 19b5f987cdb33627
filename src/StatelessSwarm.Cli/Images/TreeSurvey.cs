using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Tools;

namespace StatelessSwarm.Cli.Images;

/// <summary>What is in a tree, counted before it is packed: sockets mean nothing in an image and are left out.</summary>
/// <param name="Entries">Everything below the root but sockets.</param>
/// <param name="Sockets">Paths of sockets, relative to the tree, ordinal order.</param>
internal sealed record TreeSurvey(long Entries, IReadOnlyList<string> Sockets)
{
    // more sockets than this is not a root tree, and mkfs.erofs takes each as an argument
    private const int MaxSockets = 1000;

    // PATH_MAX is 4096; one letter for the type before it
    private const int MaxRecord = 4097;

    /// <summary>Counts a tree with find(1), which alone tells sockets from files without a system call of our own.</summary>
    public static async Task<TreeSurvey> TakeAsync(string tree, ToolLocator tools, CancellationToken cancellation)
    {
        var entries = 0L;
        var sockets = new List<string>();
        var record = new System.Text.StringBuilder();
        await new ToolRun
        {
            Program = tools.Find("find", "findutils"),
            // one record per entry: its type letter, for sockets the path as well, NUL
            Arguments = [tree, "-mindepth", "1", "(", "-type", "s", "-printf", "s%P\\0", ")", "-o", "-printf", "%y\\0"],
            OnOutput = text =>
            {
                foreach (var letter in text.Span)
                {
                    if (letter != '\0')
                    {
                        if (record.Length >= MaxRecord)
                            throw new CommandException(ExitCode.Failed, $"{tree}: a path is longer than 4096 characters");
                        record.Append(letter);
                        continue;
                    }
                    if (record.Length > 1)
                        sockets.Add(record.ToString(1, record.Length - 1));
                    else
                        entries++;
                    record.Clear();
                    if (sockets.Count > MaxSockets)
                        throw new CommandException(ExitCode.Failed, $"{tree}: more than {MaxSockets} sockets; is it a root tree?");
                }
            },
        }.RunAsync(cancellation);
        sockets.Sort(StringComparer.Ordinal);
        return new TreeSurvey(entries, sockets);
    }
}
