using System.Security.Cryptography;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Terminals;
using StatelessSwarm.Cli.Tools;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Cli.Images;

/// <summary>
/// Builds an image under a temporary name beside its output, fsyncs it and renames it into place, so that the output is the old
/// image or the new one and never half of one.
/// </summary>
internal sealed class ImageBuilder(ToolLocator tools, bool isRoot)
{
    // for archives that do not say what the root directory's mode is: not the caller's umask
    private const UnixFileMode RootDirectoryMode = (UnixFileMode)0x1ed;

    /// <summary>Builds.</summary>
    /// <exception cref="CommandException">The source is not there, a program is missing or failed.</exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    public async Task<BuiltImage> BuildAsync(
        ImageRequest request,
        IProgress<ProgressStep> progress,
        CancellationToken cancellation
    )
    {
        var output = Path.GetFullPath(request.Output);
        var directory = Path.GetDirectoryName(output) ?? "/";
        if (Directory.Exists(output))
            throw new CommandException(ExitCode.Usage, $"{request.Output}: is a directory, expected a file to write");
        if (!Directory.Exists(directory))
            throw new CommandException(ExitCode.Failed, $"{directory}: no such directory for the image");
        var kind = ImageSources.KindOf(request.Source);
        if (kind is ImageSourceKind.Tree or ImageSourceKind.OciDirectory && IsInside(output, request.Source))
            throw new CommandException(ExitCode.Usage, $"{request.Output}: lies inside the tree it is made from");

        // before any work: a missing program is said at once
        _ = request.Format == ImageFormat.Erofs ? tools.Find("mkfs.erofs", "erofs-utils") : tools.Find("mksquashfs", "squashfs-tools");

        var mark = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));
        var temporary = Path.Combine(directory, $".{Path.GetFileName(output)}.{mark}.tmp");
        var unpacked = Path.Combine(directory, $".{Path.GetFileName(output)}.{mark}.tree");
        try
        {
            var lost = new LostAttributes();
            var survey = kind == ImageSourceKind.Tree ? await TreeSurvey.TakeAsync(RealPath(request.Source), tools, cancellation) : null;
            var entries = survey?.Entries ?? 0;
            if (survey is not null && !(survey.HasManyAttributes && isRoot))
            {
                await PackTreeAsync(RealPath(request.Source), temporary, request, survey, lost, progress, cancellation);
            }
            else
            {
                progress.Report(new ProgressStep(0, 0, "reading"));
                await using var tree = await new ImageSources(tools, directory).ReadAsync(request, kind, cancellation);
                entries = tree.Count;
                await PackArchiveAsync(tree, unpacked, temporary, request, lost, progress, cancellation);
            }
            var (length, digest) = await HashAndSyncAsync(temporary, cancellation);
            File.Move(temporary, output, overwrite: true);
            return new BuiltImage(output, request.Format, length, digest, entries, survey?.Sockets.Count ?? 0, lost.Count);
        }
        finally
        {
            File.Delete(temporary);
            await UnpackedTree.RemoveAsync(unpacked, tools);
        }
    }

    private Task PackTreeAsync(
        string tree,
        string output,
        ImageRequest request,
        TreeSurvey survey,
        LostAttributes lost,
        IProgress<ProgressStep> progress,
        CancellationToken cancellation
    ) =>
        request.Format == ImageFormat.Erofs
            ? ErofsMaker.FromTreeAsync(tree, output, request, survey, tools, progress, cancellation)
            : SquashFsMaker.FromTreeAsync(tree, output, request, tools, lost, progress, cancellation);

    private async Task PackArchiveAsync(
        MergedArchive tree,
        string unpacked,
        string output,
        ImageRequest request,
        LostAttributes lost,
        IProgress<ProgressStep> progress,
        CancellationToken cancellation
    )
    {
        if (!isRoot && request.Format == ImageFormat.SquashFs)
        {
            if (request.Level is { } level and not SquashFsMaker.DefaultLevel)
                throw new CommandException(
                    ExitCode.Usage,
                    $"--level {level}: without root an archive is packed at level {SquashFsMaker.DefaultLevel} (sqfstar takes no level)"
                );
            lost.Add(tree.AccessLists);
            await SquashFsMaker.FromTarAsync(tree.WriteAsync, tree.Root, output, request, tools, lost, cancellation);
            return;
        }
        progress.Report(new ProgressStep(0, 0, "unpacking"));
        Directory.CreateDirectory(unpacked, RootDirectoryMode);
        await TarArchive.UnpackAsync(tree.WriteAsync, unpacked, tools, cancellation);
        await PackTreeAsync(unpacked, output, request, new TreeSurvey(tree.Count, [], HasManyAttributes: false), lost, progress, cancellation);
    }

    private static async Task<(long Length, Sha256Digest Digest)> HashAndSyncAsync(string path, CancellationToken cancellation)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, 1 << 20, useAsync: false);
        file.Flush(flushToDisk: true);
        var hash = await SHA256.HashDataAsync(file, cancellation);
        return (file.Length, new Sha256Digest(hash));
    }

    // the packers would pack a link itself, not the tree behind it
    private static string RealPath(string tree) =>
        Path.GetFullPath(new DirectoryInfo(tree).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? tree);

    private static bool IsInside(string path, string tree)
    {
        var root = Path.TrimEndingDirectorySeparator(RealPath(tree)) + "/";
        return path.StartsWith(root == "//" ? "/" : root, StringComparison.Ordinal);
    }
}
