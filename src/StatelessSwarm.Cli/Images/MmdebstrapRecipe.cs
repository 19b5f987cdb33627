using System.Globalization;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Tools;

namespace StatelessSwarm.Cli.Images;

/// <summary>
/// A Debian root file system as a list of mmdebstrap's own words, a line each: options begin with "--"; then the suite, then mirrors or lines
/// of sources.list, as many as wanted. Empty lines and such as begin with "#" are passed over. mmdebstrap(1) says what the options are. It is
/// told the time stamp, so that the same packages give the same files.
/// </summary>
internal sealed class MmdebstrapRecipe
{
    /// <summary>How a recipe's name ends.</summary>
    public const string Suffix = ".mmdebstrap";

    private const int MaxBytes = 1 << 20;
    private static readonly string[] _ours = ["--format", "--quiet", "--silent", "--verbose", "--debug", "--simulate", "--dry-run", "--help", "--man", "--version"];

    /// <summary>Options, in order.</summary>
    public required IReadOnlyList<string> Options { get; init; }

    /// <summary>Suite, such as <c>bookworm</c>.</summary>
    public required string Suite { get; init; }

    /// <summary>Mirrors or lines of sources.list; none for mmdebstrap's own choice.</summary>
    public required IReadOnlyList<string> Mirrors { get; init; }

    /// <summary>Reads a recipe.</summary>
    /// <exception cref="CommandException">It is none; names file and line.</exception>
    public static MmdebstrapRecipe Read(string path)
    {
        if (new FileInfo(path).Length > MaxBytes)
            throw new CommandException(ExitCode.Failed, $"{path}: larger than {MaxBytes} bytes, expected a recipe");
        var options = new List<string>();
        var words = new List<string>();
        var number = 0;
        foreach (var raw in File.ReadLines(path))
        {
            number++;
            var line = raw.Trim();
            if (line.Length == 0 || line[0] == '#')
                continue;
            if (line.Contains('\0', StringComparison.Ordinal))
                throw new CommandException(ExitCode.Failed, $"{path}: line {number}: a zero byte, expected text");
            if (!line.StartsWith('-'))
            {
                words.Add(line);
                continue;
            }
            if (!line.StartsWith("--", StringComparison.Ordinal) || line.Length == 2)
                throw new CommandException(ExitCode.Failed, $"{path}: line {number}: {line}: expected an option that begins with \"--\", its value after \"=\"");
            if (_ours.FirstOrDefault(ours => line == ours || line.StartsWith(ours + "=", StringComparison.Ordinal)) is { } taken)
                throw new CommandException(ExitCode.Failed, $"{path}: line {number}: {taken} is not for a recipe to say");
            options.Add(line);
        }
        if (words.Count == 0)
            throw new CommandException(ExitCode.Failed, $"{path}: no line names the suite, such as bookworm");
        return new MmdebstrapRecipe { Options = options, Suite = words[0], Mirrors = words[1..] };
    }

    /// <summary>Makes the root file system and writes it as a tar stream.</summary>
    public Task MakeAsync(Stream archive, long timeStamp, ToolLocator tools, CancellationToken cancellation) =>
        new ToolRun
        {
            Program = tools.Find("mmdebstrap", "mmdebstrap"),
            Arguments = [.. Options, "--format=tar", "--quiet", Suite, "-", .. Mirrors],
            Variables = new Dictionary<string, string> { ["SOURCE_DATE_EPOCH"] = timeStamp.ToString(CultureInfo.InvariantCulture) },
            Output = archive,
        }.RunAsync(cancellation);
}
