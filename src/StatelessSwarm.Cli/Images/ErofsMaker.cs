using System.Globalization;
using StatelessSwarm.Cli.Terminals;
using StatelessSwarm.Cli.Tools;

namespace StatelessSwarm.Cli.Images;

/// <summary>
/// EROFS by mkfs.erofs (erofs-utils 1.5): lz4hc in 64 KiB clusters, extended attributes kept. Equal trees give equal bytes: names
/// are sorted, all time stamps are one (<c>-T</c>) and the file system's id is nil.
/// </summary>
internal static class ErofsMaker
{
    /// <summary>lz4hc level when none is asked for: 12, the highest; decompression does not get slower with it.</summary>
    public const int DefaultLevel = 12;

    /// <summary>Highest lz4hc level.</summary>
    public const int MaxLevel = 12;

    /// <summary>Packs a directory.</summary>
    public static Task FromTreeAsync(
        string tree,
        string output,
        ImageRequest request,
        TreeSurvey survey,
        ToolLocator tools,
        IProgress<ProgressStep> progress,
        CancellationToken cancellation
    )
    {
        var level = (request.Level ?? DefaultLevel).ToString(CultureInfo.InvariantCulture);
        var packed = 0L;
        return new ToolRun
        {
            Program = tools.Find("mkfs.erofs", "erofs-utils"),
            Arguments =
            [
                $"-zlz4hc,{level}",
                "-C65536",
                "-T" + request.TimeStamp.ToString(CultureInfo.InvariantCulture),
                "-U00000000-0000-0000-0000-000000000000",
                .. survey.Sockets.Select(socket => "--exclude-path=" + socket),
                output,
                tree,
            ],
            RemovedVariables = ["SOURCE_DATE_EPOCH"],
            OnOutput = text =>
            {
                // one line per entry, each "Processing NAME ..." between erase-line sequences (ESC [ K)
                packed += text.Span.Count('\u001b');
                progress.Report(new ProgressStep(Math.Min(packed, survey.Entries), survey.Entries));
            },
        }.RunAsync(cancellation);
    }
}
