using System.CommandLine;
using System.Security.Cryptography;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Units;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Images;

namespace StatelessSwarm.Cli.Images;

/// <summary><c>stateless image inspect</c></summary>
internal static class ImageInspectCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var file = new Argument<string>("file") { HelpName = "FILE", Description = "Image to look into." };
        var json = JsonOption.Create();
        var command = new ToolCommand(
            "inspect",
            "Says what an image is: format, sizes, compression, digest.",
            "stateless image inspect root.squashfs --json"
        )
        {
            file, json,
        };
        command.SetAction(
            async (result, cancellation) =>
            {
                var path = result.GetRequiredValue(file);
                if (!File.Exists(path))
                    throw new CommandException(ExitCode.Nothing, $"{path}: no such file");
                await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, useAsync: false);
                var super = ReadSuperblock(stream, path);
                var compression = super.Compression.ToString().ToLowerInvariant();
                stream.Position = 0;
                var digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellation));
                if (result.GetValue(json))
                    JsonOption.Write(
                        context.Terminal.Out,
                        writer =>
                        {
                            writer.WriteString("path", path);
                            writer.WriteString("format", ImageFormats.Name(super.Format));
                            writer.WriteNumber("bytes", stream.Length);
                            writer.WriteString("sha256", digest);
                            writer.WriteString("compression", compression);
                            writer.WriteNumber("block_size", super.BlockSize);
                            writer.WriteNumber("inodes", super.InodeCount);
                            writer.WriteNumber("used_bytes", super.UsedBytes);
                            writer.WriteNumber("made_unix_seconds", super.MadeUnixSeconds);
                        }
                    );
                else
                    await context.Terminal.Out.WriteLineAsync(
                        $"{path}: {ImageFormats.Name(super.Format)}, {compression}, blocks of {ByteCount.Format(super.BlockSize)}, "
                            + $"{super.InodeCount} inodes, {ByteCount.Format(stream.Length)}, sha256 {digest}"
                    );
                return (int)ExitCode.Done;
            }
        );
        return command;
    }

    private static ImageSuperblock ReadSuperblock(FileStream stream, string path)
    {
        try
        {
            var super = ImageSuperblock.Read(stream);
            return super.UsedBytes <= stream.Length
                ? super
                : throw new ContentException($"image: {stream.Length} bytes, expected {super.UsedBytes}: it is cut off");
        }
        catch (ContentException fault)
        {
            throw new ContentException($"{path}: {fault.Message}", fault);
        }
    }
}
