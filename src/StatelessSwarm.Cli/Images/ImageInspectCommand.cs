using System.CommandLine;
using System.Security.Cryptography;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Units;
using StatelessSwarm.Content;

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
                var format = SniffFormat(stream, path);
                stream.Position = 0;
                var digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellation));
                if (result.GetValue(json))
                    JsonOption.Write(
                        context.Terminal.Out,
                        writer =>
                        {
                            writer.WriteString("path", path);
                            writer.WriteString("format", format);
                            writer.WriteNumber("bytes", stream.Length);
                            writer.WriteString("sha256", digest);
                        }
                    );
                else
                    await context.Terminal.Out.WriteLineAsync(
                        $"{path}: {format}, {ByteCount.Format(stream.Length)}, sha256 {digest}"
                    );
                return (int)ExitCode.Done;
            }
        );
        return command;
    }

    private static string SniffFormat(FileStream stream, string path)
    {
        Span<byte> head = stackalloc byte[1028];
        head.Clear();
        _ = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        if (head.StartsWith("hsqs"u8))
            return "squashfs";
        if (head[1024..].SequenceEqual<byte>([0xe2, 0xe1, 0xf5, 0xe0]))
            return "erofs";
        throw new ContentException($"{path}: expected a squashfs or erofs superblock");
    }
}
