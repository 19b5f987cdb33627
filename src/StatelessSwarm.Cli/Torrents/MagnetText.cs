using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Content.Torrents;

namespace StatelessSwarm.Cli.Torrents;

/// <summary>A magnet link as text and JSON.</summary>
internal static class MagnetText
{
    /// <summary>Writes what the link says; nobody is asked for more.</summary>
    public static void Write(TextWriter writer, MagnetLink link, bool asJson)
    {
        if (asJson)
            WriteJson(writer, link);
        else
            WriteText(writer, link);
    }

    private static void WriteText(TextWriter writer, MagnetLink link)
    {
        writer.WriteLine($"name     {link.DisplayName ?? "-"}");
        writer.WriteLine($"v1       {link.V1Hash?.ToString() ?? "-"}");
        writer.WriteLine($"v2       {link.V2Hash?.ToString() ?? "-"}");
        foreach (var tracker in link.Trackers)
            writer.WriteLine($"tracker  {tracker}");
        foreach (var seed in link.WebSeeds)
            writer.WriteLine($"web seed {seed}");
        foreach (var peer in link.Peers)
            writer.WriteLine($"peer     {peer.Host}:{peer.Port}");
    }

    private static void WriteJson(TextWriter writer, MagnetLink link) =>
        JsonOption.Write(
            writer,
            json =>
            {
                json.WriteString("name", link.DisplayName);
                json.WriteString("v1", link.V1Hash?.ToString());
                json.WriteString("v2", link.V2Hash?.ToString());
                json.WriteStartArray("trackers");
                foreach (var tracker in link.Trackers)
                    json.WriteStringValue(tracker);
                json.WriteEndArray();
                json.WriteStartArray("web_seeds");
                foreach (var seed in link.WebSeeds)
                    json.WriteStringValue(seed);
                json.WriteEndArray();
                json.WriteStartArray("peers");
                foreach (var peer in link.Peers)
                    json.WriteStringValue($"{peer.Host}:{peer.Port}");
                json.WriteEndArray();
            }
        );
}
