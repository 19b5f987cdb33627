using System.CommandLine;
using StatelessSwarm.Cli.Commands;

namespace StatelessSwarm.Cli.Torrents;

/// <summary><c>stateless torrent ...</c>: the engine as a plain BitTorrent tool, without channels and signatures.</summary>
internal static class TorrentCommands
{
    /// <summary>The command with its subcommands.</summary>
    public static Command Create(CommandContext context) =>
        new ToolCommand("torrent", "The engine as a plain BitTorrent tool: nothing is signed, nothing is activated.")
        {
            TorrentCreateCommand.Create(context),
            TorrentInfoCommand.Create(context),
            TorrentTransferCommands.CreateGet(context),
            TorrentTransferCommands.CreateServe(context),
            TorrentVerifyCommand.Create(context),
        };
}
