using System.CommandLine;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Units;
using StatelessSwarm.Node.Torrents;
using StatelessSwarm.Swarm.Storage;

namespace StatelessSwarm.Cli.Torrents;

/// <summary><c>stateless torrent verify</c></summary>
internal static class TorrentVerifyCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var file = new Argument<string>("file") { HelpName = "FILE", Description = "A .torrent file (v2 or hybrid)." };
        var directory = new Argument<string>("directory") { HelpName = "DIR", Description = "Directory that holds its content." };
        var command = new ToolCommand(
            "verify",
            "Hashes a torrent's content on every core; exit code 1 when a piece is missing or wrong.",
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
                    Metainfo = TorrentFiles.LoadV2(result.GetRequiredValue(file)),
                    Directory = result.GetRequiredValue(directory),
                };
                var check = await TorrentCheck.RunAsync(options.Metainfo, options.FilePaths, cancellation);
                context.Terminal.Out.WriteLine(
                    $"{options.Metainfo.Info.Name}: {check.GoodPieces} of {check.PieceCount} pieces right, {ByteCount.Format(check.GoodBytes)} of {ByteCount.Format(options.Metainfo.Info.ContentBytes)}"
                );
                return (int)(check.IsComplete ? ExitCode.Done : ExitCode.Failed);
            }
        );
        return command;
    }
}
