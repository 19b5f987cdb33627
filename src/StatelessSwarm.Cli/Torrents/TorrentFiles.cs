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

    /// <summary>As <see cref="Load"/>, for a transfer or a check: v1-only torrents are refused.</summary>
    public static Metainfo LoadV2(string path)
    {
        var metainfo = Load(path);
        return metainfo.Layers is not null
            ? metainfo
            : throw new CommandException(
                ExitCode.Failed,
                $"{path}: a v1-only torrent, whose blocks carry no SHA-256; a v2 or hybrid one is needed"
            );
    }
}
