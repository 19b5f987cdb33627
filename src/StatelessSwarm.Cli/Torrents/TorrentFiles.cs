using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Torrents;

namespace StatelessSwarm.Cli.Torrents;

/// <summary>Reads .torrent files for commands.</summary>
internal static class TorrentFiles
{
    /// <summary>Reads and checks a .torrent file.</summary>
    /// <exception cref="CommandException">It is too large or no torrent; names it.</exception>
    public static Metainfo Load(string path)
    {
        if (new FileInfo(path).Length > Metainfo.MaxBytes)
            throw new CommandException(ExitCode.Failed, $"{path}: larger than a .torrent may be ({Metainfo.MaxBytes} bytes)");
        try
        {
            return Metainfo.Parse(File.ReadAllBytes(path));
        }
        catch (ContentException fault)
        {
            throw new CommandException(ExitCode.Failed, $"{path}: {fault.Message}");
        }
    }
}
