using System.CommandLine;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Units;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Node.Torrents;
using StatelessSwarm.Swarm.Storage;

namespace StatelessSwarm.Cli.Torrents;

/// <summary><c>stateless torrent verify</c></summary>
internal static class TorrentVerifyCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var file = new Argument<string>("file") { HelpName = "FILE", Description = "A .torrent file: v1, v2 or hybrid." };
        var directory = new Argument<string>("directory") { HelpName = "DIR", Description = "Directory that holds its content." };
        var command = new ToolCommand(
            "verify",
            "Hashes a torrent's content on every core, by v1 and v2 where it has both, and names the files that are missing or wrong; exit code 1 when there are any, or when the hashes of a hybrid contradict each other.",
            "stateless torrent verify root.torrent images"
        )
        {
            file, directory,
        };
        command.SetAction(
            async (result, cancellation) =>
            {
                var options = new TransferOptions
                {
                    Metainfo = TorrentFiles.Load(result.GetRequiredValue(file)),
                    Directory = result.GetRequiredValue(directory),
                };
                var paths = options.FilePaths;
                var check = await TorrentCheck.RunAsync(options.Metainfo, paths, cancellation);
                foreach (var bad in check.BadFiles)
                    context.Terminal.Out.WriteLine(Describe(options.Metainfo.Info, paths[bad.FileIndex], bad));
                if (check.InconsistentPieces > 0)
                    context.Terminal.Out.WriteLine(
                        $"{options.Metainfo.Info.Name}: inconsistent hybrid: in {check.InconsistentPieces} pieces the v1 and the v2 hash are of different content; no client can have both"
                    );
                context.Terminal.Out.WriteLine(
                    $"{options.Metainfo.Info.Name}: {check.GoodPieces} of {check.PieceCount} pieces right, {ByteCount.Format(check.GoodBytes)} of {ByteCount.Format(options.Metainfo.Info.ContentBytes)}"
                );
                return (int)(check.IsComplete ? ExitCode.Done : ExitCode.Failed);
            }
        );
        return command;
    }

    private static string Describe(TorrentInfo info, string path, BadFile bad) =>
        bad.Fault switch
        {
            FileFault.Missing => $"{path}: missing",
            FileFault.Unreadable => $"{path}: cannot be read",
            FileFault.WrongLength => $"{path}: has {bad.Length} bytes, the torrent says {info.Files[bad.FileIndex].Length}",
            _ => $"{path}: {bad.WrongPieces} of {info.PiecesOf(bad.FileIndex).Count} pieces wrong",
        };
}
