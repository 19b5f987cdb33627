using System.CommandLine;
using System.Numerics;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Identities;
using StatelessSwarm.Cli.Terminals;
using StatelessSwarm.Cli.Torrents.Limits;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Configuration;

namespace StatelessSwarm.Cli.Torrents;

/// <summary><c>stateless torrent create</c></summary>
internal static class TorrentCreateCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var path = new Argument<string>("path") { HelpName = "PATH", Description = "File, or directory with all files below it." };
        var output = new Option<string>("--output", "-o") { HelpName = "FILE", Description = "The .torrent to write.", Required = true };
        var announce = new Option<string[]>("--announce") { HelpName = "URL", Description = "Tracker; may be given again: each is a tier of its own (BEP 12), tried in this order.", DefaultValueFactory = _ => [] };
        var webSeed = new Option<string[]>("--web-seed") { HelpName = "URL", Description = "Web seed (BEP 19); may be given again.", DefaultValueFactory = _ => [] };
        var name = new Option<string?>("--name") { HelpName = "NAME", Description = "Name of the torrent; default the name of PATH." };
        var pieceLength = new Option<string?>("--piece-length") { HelpName = "SIZE", Description = "Power of two from 16K to 16M; default by size, 256K to 4M." };
        var v1 = new Option<bool>("--v1") { Description = "v1 only: SHA-1, for clients that know nothing else." };
        var v2 = new Option<bool>("--v2") { Description = "v2 only (BEP 52): SHA-256 trees, for clients that know them." };
        var hybrid = new Option<bool>("--hybrid") { Description = "Both, which is the default." };
        var pad = new Option<bool>("--pad") { Description = "With --v1: pad files (BEP 47) begin every file at a piece, as in hybrid torrents." };
        var authority = new Option<string?>("--authority") { HelpName = "FILE", Description = "Certificate of an authority (PEM): only its members take part, over TLS; part of the info hash." };
        var isPrivate = new Option<bool>("--private") { Description = "Peers come from the torrent's trackers only (BEP 27); part of the info hash." };
        var comment = new Option<string?>("--comment") { HelpName = "TEXT", Description = "A line for people to read." };
        var createdBy = new Option<string?>("--created-by") { HelpName = "TEXT", Description = "The program named as the creator; default none." };
        var command = new ToolCommand(
            "create",
            "Makes a torrent: hybrid (v1 and v2), v1-only or v2-only. Symbolic links are left out.",
            "stateless torrent create root.squashfs -o root.torrent --announce http://seed:8080/announce"
        )
        {
            path, output, hybrid, v1, v2, pad, announce, webSeed, name, pieceLength, isPrivate, authority, comment, createdBy,
        };
        command.Validators.Add(result =>
        {
            bool[] kinds = [result.GetValue(v1), result.GetValue(v2), result.GetValue(hybrid)];
            if (kinds.Count(isGiven => isGiven) > 1)
                result.AddError("--v1, --v2 and --hybrid exclude one another");
            if (result.GetValue(pad) && !result.GetValue(v1))
                result.AddError("--pad goes with --v1: hybrid torrents are padded always, v2 ones never");
        });
        command.SetAction(async (result, cancellation) =>
        {
            var source = Path.GetFullPath(result.GetRequiredValue(path));
            var options = new TorrentBuildOptions
            {
                Name = result.GetValue(name) ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(source)),
                Kind = result.GetValue(v1) ? TorrentKind.V1 : result.GetValue(v2) ? TorrentKind.V2 : TorrentKind.Hybrid,
                PadsFiles = result.GetValue(pad),
                IsPrivate = result.GetValue(isPrivate),
                Authority = result.GetValue(authority) is { } certificate ? IdentityFiles.ReadCertificate(certificate).ExportCertificatePem() : null,
                Comment = result.GetValue(comment),
                CreatedBy = result.GetValue(createdBy),
                PieceLength = result.GetValue(pieceLength) is { } length ? ParsePieceLength(length) : 0,
                Trackers = [.. result.GetRequiredValue(announce).Select(ParseTracker)],
                WebSeeds = [.. result.GetRequiredValue(webSeed).Select(ParseWebSeed)],
            };
            var target = result.GetRequiredValue(output);
            var torrent = await BuildAsync(context, source, options, cancellation);
            await File.WriteAllBytesAsync(target + ".new", torrent, cancellation);
            File.Move(target + ".new", target, overwrite: true);
            var info = Metainfo.Parse(torrent).Info;
            context.Terminal.Out.WriteLine($"{target}: {info.Files.Count} files, {info.PieceCount} pieces, v1 {info.V1Hash?.ToString() ?? "-"}, v2 {info.V2Hash?.ToString() ?? "-"}");
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static int ParsePieceLength(string text) =>
        ByteSize.TryParse(text, out var length) && length is >= BlockRange.BlockSize and <= TorrentBuilder.MaxPieceLength && BitOperations.IsPow2(length)
            ? (int)length
            : throw LimitValue.Wrong("--piece-length", text, "a power of two from 16K to 16M");

    // other schemes are for other clients to make sense of
    private static string ParseTracker(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out _) ? text : throw LimitValue.Wrong("--announce", text, "a URL");

    private static string ParseWebSeed(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? text
            : throw LimitValue.Wrong("--web-seed", text, "an http or https URL");

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
                files.Add(new TorrentBuildFile(relative, stream, stream.Length) { IsExecutable = IsExecutable(stream) });
            }
            var total = files.Sum(file => file.Length);
            return await context.Progress.RunAsync(
                "hashing",
                progress => TorrentBuilder.BuildAsync(options, files, new ByteProgress(progress, total), cancellation)
            );
        }
        finally
        {
            foreach (var file in files)
                await file.Content.DisposeAsync();
        }
    }

    private static bool IsExecutable(FileStream stream) =>
        !OperatingSystem.IsWindows() && File.GetUnixFileMode(stream.SafeFileHandle).HasFlag(UnixFileMode.UserExecute);

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
