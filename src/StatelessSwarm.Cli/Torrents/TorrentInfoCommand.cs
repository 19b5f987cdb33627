using System.CommandLine;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Units;
using StatelessSwarm.Content.Torrents;

namespace StatelessSwarm.Cli.Torrents;

/// <summary><c>stateless torrent info</c></summary>
internal static class TorrentInfoCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var file = new Argument<string>("file") { HelpName = "FILE", Description = "A .torrent file or a magnet link." };
        var json = JsonOption.Create();
        var command = new ToolCommand("info", "Says what is in a .torrent file or a magnet link.", "stateless torrent info root.torrent")
        {
            file, json,
        };
        command.SetAction(result =>
        {
            var source = result.GetRequiredValue(file);
            if (TorrentFiles.IsMagnet(source))
            {
                MagnetText.Write(context.Terminal.Out, TorrentFiles.ParseMagnet(source), result.GetValue(json));
                return (int)ExitCode.Done;
            }
            var metainfo = TorrentFiles.Load(source);
            if (result.GetValue(json))
                WriteJson(context, metainfo);
            else
                WriteText(context.Terminal.Out, metainfo);
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static void WriteText(TextWriter writer, Metainfo metainfo)
    {
        var info = metainfo.Info;
        writer.WriteLine($"name     {info.Name}");
        writer.WriteLine($"v1       {info.V1Hash?.ToString() ?? "-"}");
        writer.WriteLine($"v2       {info.V2Hash?.ToString() ?? "-"}");
        writer.WriteLine($"content  {ByteCount.Format(info.ContentBytes)} in {info.Files.Count} files");
        writer.WriteLine($"pieces   {info.PieceCount} of {ByteCount.Format(info.PieceLength)}");
        writer.WriteLine($"magnet   {TorrentFiles.MagnetOf(metainfo)}");
        writer.WriteLine($"private  {(info.IsPrivate ? "yes" : "no")}");
        if (info.Authority is not null)
            writer.WriteLine("closed   yes");
        if (metainfo.Comment is { } comment)
            writer.WriteLine($"comment  {comment}");
        if (metainfo.CreatedBy is { } createdBy)
            writer.WriteLine($"made by  {createdBy}");
        foreach (var tracker in metainfo.TrackerTiers.SelectMany(tier => tier))
            writer.WriteLine($"tracker  {tracker}");
        foreach (var seed in metainfo.WebSeeds)
            writer.WriteLine($"web seed {seed}");
        foreach (var item in info.Files)
            writer.WriteLine($"file     {item.Length, 14} {item.Path}{(item.IsExecutable ? "*" : "")}");
    }

    private static void WriteJson(CommandContext context, Metainfo metainfo) =>
        JsonOption.Write(
            context.Terminal.Out,
            json =>
            {
                var info = metainfo.Info;
                json.WriteString("name", info.Name);
                json.WriteString("v1", info.V1Hash?.ToString());
                json.WriteString("v2", info.V2Hash?.ToString());
                json.WriteString("magnet", TorrentFiles.MagnetOf(metainfo).ToString());
                json.WriteNumber("content_bytes", info.ContentBytes);
                json.WriteNumber("piece_length", info.PieceLength);
                json.WriteNumber("piece_count", info.PieceCount);
                json.WriteBoolean("private", info.IsPrivate);
                json.WriteBoolean("closed", info.Authority is not null);
                json.WriteString("comment", metainfo.Comment);
                json.WriteString("created_by", metainfo.CreatedBy);
                json.WriteStartArray("trackers");
                foreach (var tracker in metainfo.TrackerTiers.SelectMany(tier => tier))
                    json.WriteStringValue(tracker);
                json.WriteEndArray();
                json.WriteStartArray("web_seeds");
                foreach (var seed in metainfo.WebSeeds)
                    json.WriteStringValue(seed);
                json.WriteEndArray();
                json.WriteStartArray("files");
                foreach (var item in info.Files)
                {
                    json.WriteStartObject();
                    json.WriteString("path", item.Path);
                    json.WriteNumber("length", item.Length);
                    json.WriteBoolean("executable", item.IsExecutable);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            }
        );
}
