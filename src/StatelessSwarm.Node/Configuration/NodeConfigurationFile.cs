using System.Text;
using System.Text.Json;

namespace StatelessSwarm.Node.Configuration;

/// <summary>
/// Reads a configuration file: one JSON object whose keys are names of <see cref="NodeSetting"/>. Values are strings; numbers
/// where the text would be one; true or false for flags; an array of strings for lists. Comments and trailing commas are allowed.
/// At most <see cref="MaxBytes"/>.
/// </summary>
public static class NodeConfigurationFile
{
    /// <summary>Largest file read: 64 KiB.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>Reads a file into <paramref name="settings"/>.</summary>
    /// <exception cref="ConfigurationException">The file is wrong; names it, the key and what was expected.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static void Read(string path, NodeSettings settings)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
        var bytes = new byte[MaxBytes + 1];
        var count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (count > MaxBytes)
            throw new ConfigurationException($"{path}: larger than {MaxBytes} bytes");
        Parse(path, bytes.AsSpan(0, count), settings);
    }

    /// <summary>Reads the bytes of a file; <paramref name="path"/> is for messages.</summary>
    /// <exception cref="ConfigurationException">They are wrong.</exception>
    public static void Parse(string path, ReadOnlySpan<byte> json, NodeSettings settings)
    {
        try
        {
            ReadObject(path, json, settings);
        }
        catch (JsonException fault)
        {
            throw new ConfigurationException(
                $"{path}: line {fault.LineNumber + 1}: not JSON: {fault.Message.Split(" LineNumber:")[0]}"
            );
        }
        catch (Exception fault) when (fault is InvalidOperationException or DecoderFallbackException)
        {
            throw new ConfigurationException($"{path}: a string is not UTF-8");
        }
    }

    private static void ReadObject(string path, ReadOnlySpan<byte> json, NodeSettings settings)
    {
        var reader = new Utf8JsonReader(
            json,
            new JsonReaderOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = 8 }
        );
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new ConfigurationException($"{path}: expected a JSON object");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            var setting = NodeSetting.Find(name) ?? throw Unknown(path, name);
            if (!seen.Add(name))
                throw new ConfigurationException($"{path}: {name}: given twice");
            reader.Read();
            var origin = $"{path}: {name}";
            if (setting.Kind == NodeSettingKind.Many && reader.TokenType == JsonTokenType.StartArray)
                settings.Set(name, origin, ReadArray(ref reader, origin));
            else
                settings.Set(name, origin, ReadScalar(ref reader, setting, origin));
        }
        if (reader.TokenType != JsonTokenType.EndObject || reader.Read())
            throw new ConfigurationException($"{path}: expected one JSON object and nothing after it");
    }

    private static List<string> ReadArray(ref Utf8JsonReader reader, string origin)
    {
        var values = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.String)
                throw new ConfigurationException($"{origin}: expected strings");
            values.Add(reader.GetString()!);
            if (values.Count > NodeSettings.MaxValues)
                throw new ConfigurationException($"{origin}: expected at most {NodeSettings.MaxValues} values");
        }
        return values;
    }

    private static string ReadScalar(ref Utf8JsonReader reader, NodeSetting setting, string origin) =>
        (reader.TokenType, setting.Kind) switch
        {
            (JsonTokenType.True, NodeSettingKind.Flag) => "true",
            (JsonTokenType.False, NodeSettingKind.Flag) => "false",
            (_, NodeSettingKind.Flag) => throw new ConfigurationException($"{origin}: expected true or false"),
            (JsonTokenType.String, _) => reader.GetString()!,
            (JsonTokenType.Number, NodeSettingKind.One) => Encoding.UTF8.GetString(reader.ValueSpan),
            (_, NodeSettingKind.Many) => throw new ConfigurationException($"{origin}: expected an array of strings"),
            _ => throw new ConfigurationException($"{origin}: expected a string"),
        };

    private static ConfigurationException Unknown(string path, string name)
    {
        var shown = name.Length > 64 ? name[..64] + "..." : name;
        var nearest = NearestName.Find(name, NodeSetting.All.Select(setting => setting.Name));
        return new ConfigurationException($"{path}: {shown}: unknown setting" + (nearest is null ? "" : $", did you mean {nearest}?"));
    }
}
