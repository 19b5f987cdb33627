using System.CommandLine;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Tools;
using StatelessSwarm.Content.Manifests;

namespace StatelessSwarm.Cli.Images;

/// <summary><c>stateless image extract</c></summary>
internal static class ImageExtractCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var file = new Argument<string>("file") { HelpName = "FILE", Description = "Image." };
        var directory = new Argument<string>("directory") { HelpName = "DIR", Description = "Directory to make; must not be there." };
        var command = new ToolCommand(
            "extract",
            "Unpacks an image into a new directory, all of it or nothing. As root with owners, device nodes, ACLs and extended attributes; of an erofs image without root the attributes are lost.",
            "stateless image extract root.squashfs tree/"
        )
        {
            file, directory,
        };
        command.SetAction(
            async (result, cancellation) =>
            {
                var path = result.GetRequiredValue(file);
                if (!File.Exists(path))
                    throw new CommandException(ExitCode.Nothing, $"{path}: no such file");
                var target = Path.GetFullPath(Path.TrimEndingDirectorySeparator(result.GetRequiredValue(directory)));
                if (Path.Exists(target))
                    throw new CommandException(ExitCode.Usage, $"{target}: is there already, expected the name of a new directory");
                if (!Directory.Exists(Path.GetDirectoryName(target)))
                    throw new CommandException(ExitCode.Failed, $"{Path.GetDirectoryName(target)}: no such directory");
                var format = ImageFormats.Of(path);
                var partial = $"{target}.{Guid.NewGuid():N}.part";
                var mount = partial + ".mount";
                try
                {
                    Directory.CreateDirectory(mount);
                    await context.Progress.RunAsync(
                        $"extracting {Path.GetFileName(path)}",
                        async _ =>
                        {
                            await RunOf(format, Path.GetFullPath(path), partial, mount, context.Tools).RunAsync(cancellation);
                            return true;
                        }
                    );
                    Directory.Move(partial, target);
                }
                finally
                {
                    Directory.Delete(mount);
                    await UnpackedTree.RemoveAsync(partial, context.Tools);
                }
                await context.Terminal.Out.WriteLineAsync($"{target}: {ImageFormats.Name(format)} image extracted");
                return (int)ExitCode.Done;
            }
        );
        return command;
    }

    /// <summary>Unpacks an image into a directory that is not there yet.</summary>
    public static ToolRun RunOf(ImageFormat format, string image, string directory, string mount, ToolLocator tools) =>
        format == ImageFormat.SquashFs
            ? new ToolRun
            {
                Program = tools.Find("unsquashfs", "squashfs-tools"),
                // Without root some attributes cannot be set; what can be had is wanted.
                Arguments = ["-no-progress", "-quiet", .. Environment.IsPrivilegedProcess ? (string[])["-strict-errors"] : [], "-dest", directory, image],
            }
            : Environment.IsPrivilegedProcess
                // fsck.erofs 1.5 loses attributes and set-user-id bits.
                ? MountedImage.Run(image, format, mount, tools, null, tools.Find("cp", "coreutils"), "-a", "--sparse=always", mount + "/.", directory)
                : new ToolRun { Program = tools.Find("fsck.erofs", "erofs-utils"), Arguments = [$"--extract={directory}", image] };

}
