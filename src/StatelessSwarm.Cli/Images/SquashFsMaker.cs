using System.Globalization;
using StatelessSwarm.Cli.Terminals;
using StatelessSwarm.Cli.Tools;
using StatelessSwarm.Content.Archives;

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

    /// <summary>
    /// Packs a tar stream: owners and device nodes are the archive's, without being root. sqfstar 4.5.1 cannot be told a level, packs the ends
    /// of files otherwise than mksquashfs, and lets everybody write the root directory if nothing is said.
    /// </summary>
    public static Task FromTarAsync(
        Func<Stream, CancellationToken, Task> archive,
        TarEntry root,
        string output,
        ImageRequest request,
        ToolLocator tools,
        LostAttributes lost,
        CancellationToken cancellation
    ) =>
        new ToolRun
        {
            Program = tools.Find("sqfstar", Package),
            Arguments =
            [
                "-comp", "zstd", .. Times(request), "-no-progress",
                "-root-mode", Convert.ToString(root.Mode, 8),
                "-root-uid", root.Owner.ToString(CultureInfo.InvariantCulture),
                "-root-gid", root.Group.ToString(CultureInfo.InvariantCulture),
                output,
            ],
            RemovedVariables = Overridden,
            Input = archive,
            OnError = lost.Read,
        }.RunAsync(cancellation);

    // mksquashfs refuses SOURCE_DATE_EPOCH beside the options that say the same
    private static readonly string[] Overridden = ["SOURCE_DATE_EPOCH"];

    private static IEnumerable<string> Common(ImageRequest request) =>
        [
            "-comp", "zstd",
            "-Xcompression-level", (request.Level ?? DefaultLevel).ToString(CultureInfo.InvariantCulture),
            .. Times(request), "-no-exports",
        ];

    private static IEnumerable<string> Times(ImageRequest request)
    {
        var time = request.TimeStamp.ToString(CultureInfo.InvariantCulture);
        return ["-b", "128K", "-reproducible", "-mkfs-time", time, "-all-time", time, "-xattrs"];
    }
}
