using System.Globalization;
using System.Text.Json;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Status;
using StatelessSwarm.Roots.Booting;

namespace StatelessSwarm.Node.Booting;

/// <summary>How a machine came to run what it runs: <c>/run/stateless/boot.json</c>.</summary>
public sealed record BootRecord
{
    /// <summary>Largest file read: 64 KiB.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>Name of the file.</summary>
    public const string FileName = "boot.json";

    /// <summary>The release.</summary>
    public required SlotRelease Release { get; init; }

    /// <summary>Its product.</summary>
    public required string Product { get; init; }

    /// <summary>One of <see cref="BootReason"/>.</summary>
    public required string Reason { get; init; }

    /// <summary>What went wrong on the way, a line each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>It had its tries and was booted because nothing else was left.</summary>
    public bool IsDegraded { get; init; }

    /// <summary>Its tries, this boot taken; null when boots are not counted.</summary>
    public BootTries? Tries { get; init; }

    /// <summary>Where the releases are.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>They survive a reboot.</summary>
    public bool IsPersistent { get; init; }

    /// <summary>The kernel checks every block that is read.</summary>
    public bool IsVerified { get; init; }

    /// <summary>Why it does not, or empty.</summary>
    public string VerityNote { get; init; } = "";

    /// <summary>Bytes of the release fetched in this boot, by source.</summary>
    public SourceBytes Sources { get; init; } = SourceBytes.None;

    /// <summary>Steps in the order they began.</summary>
    public IReadOnlyList<BootStep> Steps { get; init; } = [];

    /// <summary>When the agent began, milliseconds since the kernel did.</summary>
    public long AgentStartMilliseconds { get; init; }

    /// <summary>Writes it.</summary>
    public void Write(Utf8JsonWriter json)
    {
        ArgumentNullException.ThrowIfNull(json);
        json.WriteStartObject();
        json.WriteString("product", Product);
        json.WriteString("version", Release.Version);
        json.WriteNumber("build", Release.Build);
        json.WriteString("digest", Release.Digest.ToString());
        json.WriteString("reason", Reason);
        json.WriteBoolean("degraded", IsDegraded);
        if (Tries is { } tries)
        {
            json.WriteStartObject("tries");
            json.WriteBoolean("good", tries.IsGood);
            json.WriteNumber("left", tries.Left);
            json.WriteNumber("done", tries.Done);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("tries");
        }
        json.WriteString("state", StateDirectory);
        json.WriteBoolean("persistent", IsPersistent);
        json.WriteBoolean("verity", IsVerified);
        json.WriteString("verity_note", VerityNote);
        json.WriteStartObject("sources");
        json.WriteNumber("disk", Sources.Disk);
        json.WriteNumber("lan", Sources.Lan);
        json.WriteNumber("wan", Sources.Wan);
        json.WriteNumber("http", Sources.Http);
        json.WriteEndObject();
        json.WriteNumber("agent_start_ms", AgentStartMilliseconds);
        json.WriteStartArray("steps");
        foreach (var step in Steps)
        {
            json.WriteStartObject();
            json.WriteString("name", step.Name);
            json.WriteNumber("start_ms", step.StartMilliseconds);
            json.WriteNumber("ms", step.Milliseconds);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("notes");
        foreach (var note in Notes)
            json.WriteStringValue(note);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Reads it.</summary>
    /// <param name="json">The file's bytes.</param>
    /// <param name="path">For messages.</param>
    /// <exception cref="ContentException">It is no boot record; names the file.</exception>
    public static BootRecord Read(ReadOnlyMemory<byte> json, string path)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 8 });
            var top = document.RootElement;
            var sources = top.GetProperty("sources");
            return new BootRecord
            {
                Product = Text(top, "product"),
                Release = new SlotRelease(Digest(Text(top, "digest")), Text(top, "version"), top.GetProperty("build").GetInt64()),
                Reason = Text(top, "reason"),
                IsDegraded = top.GetProperty("degraded").GetBoolean(),
                Tries = top.GetProperty("tries") is { ValueKind: JsonValueKind.Object } tries
                    ? new BootTries(tries.GetProperty("left").GetInt32(), tries.GetProperty("done").GetInt32(), tries.GetProperty("good").GetBoolean())
                    : null,
                StateDirectory = Text(top, "state"),
                IsPersistent = top.GetProperty("persistent").GetBoolean(),
                IsVerified = top.GetProperty("verity").GetBoolean(),
                VerityNote = Text(top, "verity_note"),
                Sources = new SourceBytes(Number(sources, "disk"), Number(sources, "lan"), Number(sources, "wan"), Number(sources, "http")),
                AgentStartMilliseconds = Number(top, "agent_start_ms"),
                Steps = [.. top.GetProperty("steps").EnumerateArray().Select(step => new BootStep(Text(step, "name"), Number(step, "start_ms"), Number(step, "ms")))],
                Notes = [.. top.GetProperty("notes").EnumerateArray().Select(note => note.GetString() ?? "")],
            };
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new ContentException(string.Create(CultureInfo.InvariantCulture, $"{path}: no boot record: {fault.Message}"), fault);
        }
    }

    private static Sha256Digest Digest(string text) =>
        Sha256Digest.TryParseHex(text, out var digest) ? digest : throw new FormatException("digest: expected 64 hexadecimal digits");

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? "";

    private static long Number(JsonElement element, string name) => element.GetProperty(name).GetInt64();
}
