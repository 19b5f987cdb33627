using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Torrents;

namespace StatelessSwarm.Cli.Torrents;

/// <summary>Reads .torrent files for commands.</summary>
internal static class TorrentFiles
{
    /// <summary>Reads and checks a .torrent file.</summary>
    /// <exception cref="CommandException">It is not there, too large, or no torrent; names it.</exception>
    public static Metainfo Load(string path)
    {
        if (!File.Exists(path))
            throw new CommandException(ExitCode.Nothing, $"{path}: no such file");
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

    /// <summary>True for a magnet link, which may stand where a .torrent file does.</summary>
    public static bool IsMagnet(string text) => text.StartsWith("magnet:", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a magnet link.</summary>
    /// <exception cref="CommandException">It is none; says what is wrong.</exception>
    public static MagnetLink ParseMagnet(string text)
    {
        try
        {
            return MagnetLink.Parse(text);
        }
        catch (ContentException fault)
        {
            throw new CommandException(ExitCode.Usage, $"{text[..Math.Min(text.Length, 80)]}: {fault.Message}");
        }
    }

    /// <summary>The link that leads to a torrent.</summary>
    public static MagnetLink MagnetOf(Metainfo metainfo) =>
        new()
        {
            V1Hash = metainfo.Info.V1Hash,
            V2Hash = metainfo.Info.V2Hash,
            DisplayName = metainfo.Info.Name,
            Trackers = [.. metainfo.TrackerTiers.SelectMany(tier => tier)],
            WebSeeds = metainfo.WebSeeds,
        };

    /// <summary>Writes a .torrent file, in one step.</summary>
    public static void Save(Metainfo metainfo, string path)
    {
        File.WriteAllBytes(path + ".new", metainfo.Encode());
        File.Move(path + ".new", path, overwrite: true);
    }
}
