using System.CommandLine;
using System.Globalization;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Units;
using StatelessSwarm.Content.Manifests;

namespace StatelessSwarm.Cli.Images;

/// <summary><c>stateless image ...</c></summary>
internal static class ImageCommands
{
    /// <summary>The command with its subcommands.</summary>
    public static Command Create(CommandContext context) =>
        new ToolCommand("image", "Root file systems in a file.") {
            Build(context),
            ImageInspectCommand.Create(context),
            ImageDiffCommand.Create(context),
            ImageExtractCommand.Create(context),
            ImageVerifyCommand.Create(context),
        };

    private static ToolCommand Build(CommandContext context)
    {
        var source = new Argument<string>("source") { HelpName = "SOURCE", Description = "Root file system: a directory, a tar archive (plain, gzip, zstd, xz, bzip2), an OCI image layout (directory or archive), or a recipe NAME.mmdebstrap." };
        var output = new Option<string>("--output", "-o") { HelpName = "FILE", Description = "Image to write.", Required = true };
        var format = new Option<string>("--format") { Description = "Format of the image.", DefaultValueFactory = _ => "squashfs" };
        format.AcceptOnlyFromAmong("squashfs", "erofs");
        var level = new Option<int?>("--level")
        {
            HelpName = "N",
            Description = $"Compression level: squashfs (zstd) 1-{SquashFsMaker.MaxLevel}, default {SquashFsMaker.DefaultLevel}; "
                + $"erofs (lz4hc) 0-{ErofsMaker.MaxLevel}, default {ErofsMaker.DefaultLevel}.",
        };
        var reference = new Option<string?>("--ref") { HelpName = "TAG", Description = "Of an OCI layout with several images, the one of this name." };
        var platform = new Option<string?>("--platform") { HelpName = "OS/ARCH", Description = "Of an OCI layout for several machines, such as linux/arm64; default: this machine's." };
        var json = JsonOption.Create();
        var command = new ToolCommand(
            "build",
            "Builds an image; equal trees give equal bytes. Time stamps become SOURCE_DATE_EPOCH, or 0. Sockets are left out.",
            "stateless image build rootfs/ -o root.squashfs",
            "stateless image build rootfs.tar.zst -o root.erofs --format erofs --level 9",
            "stateless image build app.oci.tar -o root.squashfs --ref app:2",
            "stateless image build web.mmdebstrap -o root.squashfs"
        )
        {
            source, output, format, level, reference, platform, json,
        };
        command.SetAction(
            async (result, cancellation) =>
            {
                var request = new ImageRequest
                {
                    Source = result.GetRequiredValue(source),
                    Output = result.GetRequiredValue(output),
                    Format = result.GetValue(format) == "erofs" ? ImageFormat.Erofs : ImageFormat.SquashFs,
                    Level = result.GetValue(level),
                    Reference = result.GetValue(reference),
                    Platform = result.GetValue(platform),
                    TimeStamp = TimeStamp(context.Variable("SOURCE_DATE_EPOCH")),
                };
                CheckLevel(request);
                var isRoot = Environment.IsPrivilegedProcess;
                if (!isRoot && request.Format == ImageFormat.Erofs && ImageSources.KindOf(request.Source) != ImageSourceKind.Tree)
                    context.Terminal.Note("not root: owners and device nodes of the archive are lost in an erofs image");
                var built = await context.Progress.RunAsync(
                    $"building {Path.GetFileName(request.Output)}",
                    progress => new ImageBuilder(context.Tools, isRoot).BuildAsync(request, progress, cancellation)
                );
                if (built.SkippedSockets > 0)
                    context.Terminal.Note($"{built.SkippedSockets} socket(s) left out");
                if (built.LostAttributes > 0)
                    context.Terminal.Note(
                        $"{built.LostAttributes} POSIX ACL(s) or other attributes left out: squashfs holds user., trusted. and security. alone, erofs holds ACLs too"
                    );
                Write(context.Terminal.Out, built, request.Output, result.GetValue(json));
                return (int)ExitCode.Done;
            }
        );
        return command;
    }

    private static void CheckLevel(ImageRequest request)
    {
        var (low, high) = request.Format == ImageFormat.Erofs ? (0, ErofsMaker.MaxLevel) : (1, SquashFsMaker.MaxLevel);
        if (request.Level is { } level && (level < low || level > high))
            throw new CommandException(ExitCode.Usage, $"--level {level}: expected {low} to {high}");
    }

    private static long TimeStamp(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return 0;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= uint.MaxValue)
            return seconds;
        throw new CommandException(ExitCode.Usage, $"SOURCE_DATE_EPOCH: expected seconds from 0 to {uint.MaxValue}");
    }

    private static void Write(TextWriter writer, BuiltImage built, string path, bool asJson)
    {
        var format = ImageFormats.Name(built.Format);
        if (asJson)
            JsonOption.Write(
                writer,
                json =>
                {
                    json.WriteString("path", path);
                    json.WriteString("format", format);
                    json.WriteNumber("bytes", built.Length);
                    json.WriteString("sha256", built.Sha256.ToString());
                    json.WriteNumber("entries", built.Entries);
                    json.WriteNumber("skipped_sockets", built.SkippedSockets);
                    json.WriteNumber("lost_attributes", built.LostAttributes);
                }
            );
        else
            writer.WriteLine($"{path}: {format}, {ByteCount.Format(built.Length)}, sha256 {built.Sha256}");
    }
}
