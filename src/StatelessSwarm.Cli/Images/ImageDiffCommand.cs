using System.CommandLine;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Terminals;
using StatelessSwarm.Cli.Units;
using StatelessSwarm.Content.Chunks;

namespace StatelessSwarm.Cli.Images;

/// <summary><c>stateless image diff</c></summary>
internal static class ImageDiffCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var before = new Argument<string>("old") { HelpName = "OLD", Description = "Image that a node holds." };
        var after = new Argument<string>("new") { HelpName = "NEW", Description = "Image that it would get." };
        var json = JsonOption.Create();
        var command = new ToolCommand(
            "diff",
            "Compares two images chunk by chunk: how many bytes of NEW are in OLD, wherever they lie, and how many are new.",
            "stateless image diff web-1.0.squashfs web-2.0.squashfs",
            "stateless image diff web-1.0.squashfs web-2.0.squashfs --json"
        )
        {
            before, after, json,
        };
        command.SetAction(
            async (result, cancellation) =>
            {
                var old = await ReadAsync(context, result.GetRequiredValue(before), cancellation);
                var wanted = await ReadAsync(context, result.GetRequiredValue(after), cancellation);
                var plan = ReusePlan.Make(wanted, [old]);
                if (result.GetValue(json))
                    JsonOption.Write(
                        context.Terminal.Out,
                        writer =>
                        {
                            writer.WriteNumber("old_bytes", old.ImageBytes);
                            writer.WriteNumber("new_bytes", wanted.ImageBytes);
                            writer.WriteNumber("shared_bytes", plan.ReusedBytes);
                            writer.WriteNumber("missing_bytes", plan.MissingBytes);
                            writer.WriteNumber("missing_runs", plan.Missing.Count);
                            writer.WriteNumber("old_chunks", old.Chunks.Count);
                            writer.WriteNumber("new_chunks", wanted.Chunks.Count);
                            writer.WriteNumber("map_bytes", wanted.EncodedBytes);
                        }
                    );
                else
                    await context.Terminal.Out.WriteLineAsync(
                        $"{ByteCount.Format(plan.MissingBytes)} of {ByteCount.Format(wanted.ImageBytes)} are new, in {plan.Missing.Count} runs; "
                            + $"{ByteCount.Format(plan.ReusedBytes)} are shared; chunk map {ByteCount.Format(wanted.EncodedBytes)}"
                    );
                return (int)ExitCode.Done;
            }
        );
        return command;
    }

    private static async Task<ChunkMap> ReadAsync(CommandContext context, string path, CancellationToken cancellation)
    {
        if (!File.Exists(path))
            throw new CommandException(ExitCode.Nothing, $"{path}: no such file");
        await using var image = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        return await context.Progress.RunAsync(
            $"reading {Path.GetFileName(path)}",
            progress => ChunkMapBuilder.BuildAsync(image, new ByteProgress(progress, image.Length), cancellation)
        );
    }
}
