using System.Globalization;
using System.Text.Json;

namespace StatelessSwarm.Sim.Scenarios;

/// <summary>An object of a scenario file that knows where it stands, and that refuses what nobody asked it for.</summary>
internal sealed class JsonPlace
{
    private readonly JsonElement _element;
    private readonly string _file;
    private readonly string _path;
    private readonly HashSet<string> _asked = [];

    public JsonPlace(JsonElement element, string file, string path)
    {
        _element = element;
        _file = file;
        _path = path;
        if (element.ValueKind != JsonValueKind.Object)
            throw new ScenarioException($"{file}: {(path.Length == 0 ? "the file" : path)} is no object");
    }

    /// <summary>A number within bounds.</summary>
    public double Number(string name, double standard, double least, double most)
    {
        if (Find(name) is not { } value)
            return standard;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number) || number < least || number > most)
            throw Wrong(name, value, string.Create(CultureInfo.InvariantCulture, $"a number from {least} to {most}"));
        return number;
    }

    /// <summary>A number, or null where there is none.</summary>
    public double? NumberOrNull(string name, double least, double most) => Has(name) ? Number(name, 0, least, most) : null;

    /// <summary>A whole number within bounds.</summary>
    public int Count(string name, int standard, int least, int most)
    {
        if (Find(name) is not { } value)
            return standard;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out var number) || number < least || number > most)
            throw Wrong(name, value, string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}"));
        return number;
    }

    /// <summary>A whole number, or null where there is none.</summary>
    public int? CountOrNull(string name, int least, int most) => Has(name) ? Count(name, 0, least, most) : null;

    /// <summary>True or false.</summary>
    public bool Flag(string name, bool standard)
    {
        if (Find(name) is not { } value)
            return standard;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(name, value, "true or false");
    }

    /// <summary>A text; null where there is none.</summary>
    public string? Text(string name)
    {
        if (Find(name) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(name, value, "a text");
    }

    /// <summary>A rate like <c>20mbit</c> (kbit, mbit, gbit: powers of 1000), in bit/s.</summary>
    public double Rate(string name, double standard) => Unit(name, standard, "a rate like \"20mbit\"", ("kbit", 1e3), ("mbit", 1e6), ("gbit", 1e9));

    /// <summary>A size like <c>64MiB</c> (KiB, MiB, GiB: powers of 1024), in bytes.</summary>
    public long Size(string name, long standard) =>
        (long)Unit(name, standard, "a size like \"64MiB\"", ("KiB", 1024), ("MiB", 1 << 20), ("GiB", 1 << 30));

    /// <summary>An object; an empty one where there is none.</summary>
    public JsonPlace Place(string name) => new(Find(name) ?? Empty, _file, PathOf(name));

    /// <summary>The objects of a list.</summary>
    public IEnumerable<JsonPlace> Places(string name)
    {
        if (Find(name) is not { } list)
            yield break;
        if (list.ValueKind != JsonValueKind.Array)
            throw Wrong(name, list, "a list");
        var index = 0;
        foreach (var element in list.EnumerateArray())
            yield return new JsonPlace(element, _file, $"{PathOf(name)}[{index++}]");
    }

    /// <summary>There is such a field.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>Nothing else may be here.</summary>
    public void End()
    {
        foreach (var property in _element.EnumerateObject())
        {
            if (!_asked.Contains(property.Name))
                throw new ScenarioException($"{_file}: {PathOf(property.Name)} is unknown here; known are {string.Join(", ", _asked.Order(StringComparer.Ordinal))}");
        }
    }

    /// <summary>What is there is wrong.</summary>
    public ScenarioException Wrong(string name, string what) => new($"{_file}: {PathOf(name)} {what}");

    private static JsonElement Empty { get; } = JsonDocument.Parse("{}").RootElement;

    private ScenarioException Wrong(string name, JsonElement value, string expected) => Wrong(name, $"is {value.GetRawText()}, expected {expected}");

    private double Unit(string name, double standard, string expected, params ReadOnlySpan<(string Name, double Factor)> units)
    {
        if (Find(name) is not { } value)
            return standard;
        if (value.ValueKind == JsonValueKind.String)
        {
            var text = value.GetString()!;
            foreach (var (unit, factor) in units)
            {
                if (
                    text.EndsWith(unit, StringComparison.OrdinalIgnoreCase)
                    && double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                    && number * factor is >= 1 and <= 1e15
                )
                    return number * factor;
            }
        }
        throw Wrong(name, value, expected);
    }

    private JsonElement? Find(string name)
    {
        _asked.Add(name);
        return _element.TryGetProperty(name, out var value) ? value : null;
    }

    private string PathOf(string name) => _path.Length == 0 ? name : $"{_path}.{name}";
}
