using System.CommandLine;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Terminals;
using StatelessSwarm.Content.Torrents;

namespace StatelessSwarm.Cli.Torrents;

/// <summary><c>stateless torrent create</c></summary>
internal static class TorrentCreateCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var path = new Argument<string>("path") { HelpName = "PATH", Description = "File, or directory with all files below it." };
        var output = new Option<string>("--output", "-o") { HelpName = "FILE", Description = "The .torrent to write.", Required = true };
        var announce = new Option<string[]>("--announce") { HelpName = "URL", Description = "Tracker; may be given again.", DefaultValueFactory = _ => [] };
        var webSeed = new Option<string[]>("--web-seed") { HelpName = "URL", Description = "Web seed (BEP 19); may be given again.", DefaultValueFactory = _ => [] };
        var name = new Option<string?>("--name") { HelpName = "NAME", Description = "Name of the torrent; default the name of PATH." };
        var pieceLength = new Option<int>("--piece-length") { HelpName = "BYTES", Description = "Power of two from 16384; default by size, 256 KiB to 4 MiB." };
        var command = new ToolCommand(
            "create",
            "Makes a hybrid (v1 and v2) torrent.",
            "stateless torrent create root.squashfs -o root.torrent --announce http://seed:8080/announce"
        )
        {
            path, output, announce, webSeed, name, pieceLength,
        };
        command.SetAction(async (result, cancellation) =>
        {
            var source = Path.GetFullPath(result.GetRequiredValue(path));
            var options = new TorrentBuildOptions
            {
                Name = result.GetValue(name) ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(source)),
                PieceLength = result.GetValue(pieceLength),
                Trackers = result.GetRequiredValue(announce),
                WebSeeds = result.GetRequiredValue(webSeed),
            };
            var target = result.GetRequiredValue(output);
            var torrent = await BuildAsync(context, source, options, cancellation);
            await File.WriteAllBytesAsync(target + ".new", torrent, cancellation);
            File.Move(target + ".new", target, overwrite: true);
            var info = Metainfo.Parse(torrent).Info;
            context.Terminal.Out.WriteLine($"{target}: {info.Files.Count} files, {info.PieceCount} pieces, v1 {info.V1Hash}, v2 {info.V2Hash}");
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static async Task<byte[]> BuildAsync(
        CommandContext context,
        string source,
        TorrentBuildOptions options,
        CancellationToken cancellation
    )
    {
        var files = new List<TorrentBuildFile>();
        try
        {
            foreach (var file in FindFiles(source))
            {
                var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
                var relative = Directory.Exists(source) ? Path.GetRelativePath(source, file) : Path.GetFileName(file);
                files.Add(new TorrentBuildFile(relative, stream, stream.Length));
            }
            var total = files.Sum(file => file.Length);
            return await context.Progress.RunAsync(
                "hashing",
                progress => TorrentBuilder.BuildHybridAsync(options, files, new ByteProgress(progress, total), cancellation)
            );
        }
        finally
        {
            foreach (var file in files)
                await file.Content.DisposeAsync();
        }
    }

    private static IEnumerable<string> FindFiles(string source)
    {
        if (File.Exists(source))
            return [source];
        if (!Directory.Exists(source))
            throw new CommandException(ExitCode.Nothing, $"{source}: no such file or directory");
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        return Directory.EnumerateFiles(source, "*", options);
    }
}
