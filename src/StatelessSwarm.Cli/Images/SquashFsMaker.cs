using System.Globalization;
using StatelessSwarm.Cli.Terminals;
using StatelessSwarm.Cli.Tools;

namespace StatelessSwarm.Cli.Images;

/// <summary>
/// SquashFS 4 by mksquashfs or, from an archive, sqfstar (squashfs-tools 4.5.1): zstd, 128 KiB blocks, extended attributes kept.
/// Equal trees give equal bytes: mksquashfs sorts names and writes in that order whatever the number of processors
/// (<c>-reproducible</c>), and all time stamps are one.
/// </summary>
internal static class SquashFsMaker
{
    /// <summary>zstd level when none is asked for: 15, after which releases shrink by less than a percent per doubling of time.</summary>
    public const int DefaultLevel = 15;

    /// <summary>Highest zstd level.</summary>
    public const int MaxLevel = 22;

    private const string Package = "squashfs-tools";

    /// <summary>Packs a directory.</summary>
    public static Task FromTreeAsync(
        string tree,
        string output,
        ImageRequest request,
        ToolLocator tools,
        LostAttributes lost,
        IProgress<ProgressStep> progress,
        CancellationToken cancellation
    ) =>
        new ToolRun
        {
            Program = tools.Find("mksquashfs", Package),
            Arguments =
            [
                tree, output, .. Common(request), "-noappend", "-no-recovery",
                "-progress", "-action", "exclude@type(s)",
            ],
            RemovedVariables = Overridden,
            OnOutput = new PercentReader(progress).Read,
            OnError = lost.Read,
        }.RunAsync(cancellation);

    /// <summary>Packs an uncompressed tar stream: owners and device nodes are the archive's, without being root.</summary>
    public static Task FromTarAsync(
        Stream archive,
        string output,
        ImageRequest request,
        ToolLocator tools,
        LostAttributes lost,
        CancellationToken cancellation
    ) =>
        new ToolRun
        {
            Program = tools.Find("sqfstar", Package),
            Arguments = [.. Common(request), "-no-progress", output],
            RemovedVariables = Overridden,
            Input = archive,
            OnError = lost.Read,
        }.RunAsync(cancellation);

    // mksquashfs refuses SOURCE_DATE_EPOCH beside the options that say the same
    private static readonly string[] Overridden = ["SOURCE_DATE_EPOCH"];

    private static IEnumerable<string> Common(ImageRequest request)
    {
        var time = request.TimeStamp.ToString(CultureInfo.InvariantCulture);
        return
        [
            "-comp", "zstd",
            "-Xcompression-level", (request.Level ?? DefaultLevel).ToString(CultureInfo.InvariantCulture),
            "-b", "128K", "-reproducible", "-mkfs-time", time, "-all-time", time, "-no-exports", "-xattrs",
        ];
    }
}
