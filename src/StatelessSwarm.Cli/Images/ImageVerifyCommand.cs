using System.CommandLine;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Terminals;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Content.Verity;

namespace StatelessSwarm.Cli.Images;

/// <summary><c>stateless image verify</c></summary>
internal static class ImageVerifyCommand
{
    private const int BufferBytes = 1 << 20;

    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var file = new Argument<string>("file") { HelpName = "FILE", Description = "Image." };
        var root = new Option<string>("--root-hash") { HelpName = "HEX", Description = "dm-verity root hash that it must have, 64 hex digits." };
        var salt = new Option<string>("--salt")
        {
            HelpName = "HEX",
            Description = $"Salt of the tree, up to {VerityTreeBuilder.MaxSaltBytes} bytes; default none.",
            DefaultValueFactory = _ => "",
        };
        var json = JsonOption.Create();
        var command = new ToolCommand(
            "verify",
            "Computes the dm-verity root hash of an image, as `veritysetup format` does (SHA-256, blocks of 4096), and compares it. Ends with 3 when it is another.",
            "stateless image verify root.squashfs --root-hash 9f3c... --salt 6a09..."
        )
        {
            file, root, salt, json,
        };
        command.SetAction(
            async (result, cancellation) =>
            {
                var path = result.GetRequiredValue(file);
                if (!File.Exists(path))
                    throw new CommandException(ExitCode.Nothing, $"{path}: no such file");
                var expected = ReadRoot(result.GetValue(root));
                var saltBytes = ReadSalt(result.GetRequiredValue(salt));
                var actual = await context.Progress.RunAsync(
                    "verifying",
                    progress => HashAsync(path, saltBytes, new ByteProgress(progress, new FileInfo(path).Length), cancellation)
                );
                if (result.GetValue(json))
                    JsonOption.Write(
                        context.Terminal.Out,
                        writer =>
                        {
                            writer.WriteString("path", path);
                            writer.WriteString("root_hash", actual.ToString());
                            writer.WriteString("expected", expected?.ToString());
                        }
                    );
                else
                    await context.Terminal.Out.WriteLineAsync($"{path}: dm-verity root {actual}");
                if (expected is { } wanted && wanted != actual)
                    throw new CommandException(ExitCode.Refused, $"{path}: dm-verity root {actual}, expected {wanted}");
                return (int)ExitCode.Done;
            }
        );
        return command;
    }

    private static async Task<Sha256Digest> HashAsync(string path, byte[] salt, IProgress<long> progress, CancellationToken cancellation)
    {
        await using var image = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        if (image.Length == 0 || image.Length % VerityTreeBuilder.BlockSize != 0)
            throw new CommandException(ExitCode.Failed, $"{path}: {image.Length} bytes, expected a multiple of {VerityTreeBuilder.BlockSize}");
        var tree = new VerityTreeBuilder(image.Length, salt);
        var buffer = new byte[BufferBytes];
        for (var done = 0L; done < image.Length; )
        {
            var count = await image.ReadAtLeastAsync(buffer, (int)Math.Min(buffer.Length, image.Length - done), cancellationToken: cancellation);
            tree.Append(buffer.AsSpan(0, count));
            done += count;
            progress.Report(done);
        }
        return tree.Finish();
    }

    private static Sha256Digest? ReadRoot(string? text)
    {
        if (text is null)
            return null;
        return Sha256Digest.TryParseHex(text, out var digest)
            ? digest
            : throw new CommandException(ExitCode.Usage, $"--root-hash {text}: expected 64 hex digits");
    }

    private static byte[] ReadSalt(string text)
    {
        try
        {
            var salt = Convert.FromHexString(text);
            if (salt.Length <= VerityTreeBuilder.MaxSaltBytes)
                return salt;
        }
        catch (FormatException)
        {
            // told below
        }
        throw new CommandException(ExitCode.Usage, $"--salt {text}: expected hex digits, two for each of up to {VerityTreeBuilder.MaxSaltBytes} bytes");
    }
}
