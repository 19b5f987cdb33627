using System.CommandLine;
using System.Text;
using System.Text.Json;

namespace StatelessSwarm.Cli.Commands;

/// <summary>The <c>--json</c> option and how its output is written: one indented object and a line end.</summary>
internal static class JsonOption
{
    /// <summary>A new option for one command.</summary>
    public static Option<bool> Create() => new("--json") { Description = "Print JSON for scripts." };

    /// <summary>Writes one object whose members <paramref name="members"/> writes.</summary>
    public static void Write(TextWriter writer, Action<Utf8JsonWriter> members)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        writer.WriteLine(Encoding.UTF8.GetString(buffer.GetBuffer().AsSpan(0, checked((int)buffer.Length))));
    }
}
