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
        var files = new Option<bool>("--files") { Description = "Name every file that was added (A), removed (D) or changed (M), and what is otherwise." };
        var chunksOnly = new Option<bool>("--chunks-only") { Description = "Do not look at files; for what is no image, too." };
        var json = JsonOption.Create();
        var command = new ToolCommand(
            "diff",
            "Compares two images: which bytes of NEW are in OLD, wherever they lie, and what an update costs; which files were added, removed and changed.",
            "stateless image diff web-1.0.squashfs web-2.0.squashfs",
            "stateless image diff web-1.0.squashfs web-2.0.squashfs --files",
            "stateless image diff web-1.0.squashfs web-2.0.squashfs --json"
        )
        {
            before, after, files, chunksOnly, json,
        };
        command.SetAction(
            async (result, cancellation) =>
            {
                var old = await ReadAsync(context, result.GetRequiredValue(before), cancellation);
                var wanted = await ReadAsync(context, result.GetRequiredValue(after), cancellation);
                var plan = ReusePlan.Make(wanted, [old]);
                var changes = result.GetValue(chunksOnly) ? null : await CompareAsync(context, result.GetRequiredValue(before), result.GetRequiredValue(after), cancellation);
                var isLong = result.GetValue(files);
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
                            writer.WriteNumber("update_bytes", plan.MissingBytes + wanted.EncodedBytes);
                            if (changes is not null)
                                Write(writer, changes, isLong);
                        }
                    );
                else
                {
                    await context.Terminal.Out.WriteLineAsync(
                        $"{ByteCount.Format(plan.MissingBytes)} of {ByteCount.Format(wanted.ImageBytes)} are new, in {plan.Missing.Count} runs; "
                            + $"{ByteCount.Format(plan.ReusedBytes)} are shared; chunk map {ByteCount.Format(wanted.EncodedBytes)}; an update costs {ByteCount.Format(plan.MissingBytes + wanted.EncodedBytes)}"
                    );
                    if (changes is not null)
                        await WriteAsync(context.Terminal.Out, changes, isLong);
                }
                return (int)ExitCode.Done;
            }
        );
        return command;
    }

    private static async Task<FileChanges> CompareAsync(CommandContext context, string before, string after, CancellationToken cancellation)
    {
        var reader = new ImageFiles(context.Tools, Environment.IsPrivilegedProcess);
        return await context.Progress.RunAsync(
            "comparing files",
            async _ => FileChanges.Between(await reader.ReadAsync(before, cancellation), await reader.ReadAsync(after, cancellation))
        );
    }

    private static async Task WriteAsync(TextWriter writer, FileChanges changes, bool isLong)
    {
        await writer.WriteLineAsync($"files: {changes.Added.Count} added, {changes.Removed.Count} removed, {changes.Changed.Count} changed");
        if (!isLong)
            return;
        foreach (var path in changes.Added)
            await writer.WriteLineAsync($"A {path}");
        foreach (var path in changes.Removed)
            await writer.WriteLineAsync($"D {path}");
        foreach (var (path, what) in changes.Changed)
            await writer.WriteLineAsync($"M {path} ({what})");
    }

    private static void Write(System.Text.Json.Utf8JsonWriter writer, FileChanges changes, bool isLong)
    {
        writer.WriteStartObject("files");
        writer.WriteNumber("added", changes.Added.Count);
        writer.WriteNumber("removed", changes.Removed.Count);
        writer.WriteNumber("changed", changes.Changed.Count);
        if (isLong)
        {
            WriteList("added_paths", changes.Added);
            WriteList("removed_paths", changes.Removed);
            writer.WriteStartArray("changed_paths");
            foreach (var (path, what) in changes.Changed)
            {
                writer.WriteStartObject();
                writer.WriteString("path", path);
                writer.WriteString("what", what);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
        }
        writer.WriteEndObject();

        void WriteList(string name, List<string> paths)
        {
            writer.WriteStartArray(name);
            foreach (var path in paths)
                writer.WriteStringValue(path);
            writer.WriteEndArray();
        }
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
