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
        var isTree = Directory.Exists(request.Source);
        if (!isTree && !File.Exists(request.Source))
            throw new CommandException(ExitCode.Nothing, $"{request.Source}: no such directory or archive");
        if (isTree && IsInside(output, request.Source))
            throw new CommandException(ExitCode.Usage, $"{request.Output}: lies inside the tree it is made from");

        // before any work: a missing program is said at once
        _ = request.Format == ImageFormat.Erofs ? tools.Find("mkfs.erofs", "erofs-utils") : tools.Find("mksquashfs", "squashfs-tools");

        var mark = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));
        var temporary = Path.Combine(directory, $".{Path.GetFileName(output)}.{mark}.tmp");
        var unpacked = Path.Combine(directory, $".{Path.GetFileName(output)}.{mark}.tree");
        try
        {
            TreeSurvey? survey = null;
            var lost = new LostAttributes();
            if (isTree)
                survey = await PackTreeAsync(RealPath(request.Source), temporary, request, lost, progress, cancellation);
            else if (isRoot || request.Format == ImageFormat.Erofs)
            {
                progress.Report(new ProgressStep(0, 0, "unpacking"));
                Directory.CreateDirectory(unpacked, RootDirectoryMode);
                await TarArchive.UnpackAsync(Path.GetFullPath(request.Source), unpacked, tools, cancellation);
                survey = await PackTreeAsync(unpacked, temporary, request, lost, progress, cancellation);
            }
            else
            {
                await using var stream = TarArchive.OpenStream(request.Source);
                await SquashFsMaker.FromTarAsync(stream, temporary, request, tools, lost, cancellation);
            }
            var (length, digest) = await HashAndSyncAsync(temporary, cancellation);
            File.Move(temporary, output, overwrite: true);
            return new BuiltImage(output, request.Format, length, digest, survey?.Entries, survey?.Sockets.Count ?? 0, lost.Count);
        }
        finally
        {
            File.Delete(temporary);
            if (Directory.Exists(unpacked))
                Directory.Delete(unpacked, recursive: true);
        }
    }

    private async Task<TreeSurvey> PackTreeAsync(
        string tree,
        string output,
        ImageRequest request,
        LostAttributes lost,
        IProgress<ProgressStep> progress,
        CancellationToken cancellation
    )
    {
        var survey = await TreeSurvey.TakeAsync(tree, tools, cancellation);
        await (request.Format == ImageFormat.Erofs
            ? ErofsMaker.FromTreeAsync(tree, output, request, survey, tools, progress, cancellation)
            : SquashFsMaker.FromTreeAsync(tree, output, request, tools, lost, progress, cancellation));
        return survey;
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
