using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Tools;
using StatelessSwarm.Platform.Errors;
using StatelessSwarm.Platform.Files;

namespace StatelessSwarm.Cli.Images;

/// <summary>What is in a tree, counted before it is packed: sockets mean nothing in an image and are left out.</summary>
/// <param name="Entries">Everything below the root but sockets.</param>
/// <param name="Sockets">Paths of sockets, relative to the tree, ordinal order.</param>
/// <param name="HasManyAttributes">Some entry has several extended attributes, whose order is the file system's.</param>
internal sealed record TreeSurvey(long Entries, IReadOnlyList<string> Sockets, bool HasManyAttributes)
{
    // more sockets than this is not a root tree, and mkfs.erofs takes each as an argument
    private const int MaxSockets = 1000;

    // PATH_MAX is 4096; one letter for the type before it
    private const int MaxRecord = 4097;

    /// <summary>Counts a tree with find(1), which alone tells sockets from files without a system call of our own.</summary>
    public static async Task<TreeSurvey> TakeAsync(string tree, ToolLocator tools, CancellationToken cancellation)
    {
        var entries = 0L;
        var hasMany = HasMany(tree);
        var sockets = new List<string>();
        var record = new System.Text.StringBuilder();
        await new ToolRun
        {
            Program = tools.Find("find", "findutils"),
            // one record per entry: its type letter, its path, NUL
            Arguments = [tree, "-mindepth", "1", "-printf", "%y%P\\0"],
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
                    var path = record.ToString(1, record.Length - 1);
                    if (record[0] == 's')
                        sockets.Add(path);
                    else
                        entries++;
                    hasMany = hasMany || HasMany(Path.Combine(tree, path));
                    record.Clear();
                    if (sockets.Count > MaxSockets)
                        throw new CommandException(ExitCode.Failed, $"{tree}: more than {MaxSockets} sockets; is it a root tree?");
                }
            },
        }.RunAsync(cancellation);
        sockets.Sort(StringComparer.Ordinal);
        return new TreeSurvey(entries, sockets, hasMany);
    }

    private static bool HasMany(string path)
    {
        try
        {
            return ExtendedAttributes.Count(path) > 1;
        }
        catch (PlatformException fault) when (fault.Error == Errno.ENOENT)
        {
            // Its name is no UTF-8, and so not the one that was asked for.
            return true;
        }
    }
}
