namespace StatelessSwarm.Node.Booting;

/// <summary>
/// The kernel's command line (Documentation/admin-guide/kernel-parameters.rst): words between spaces, <c>name</c> or
/// <c>name=value</c>; double quotes keep spaces in a value; what follows a lone <c>--</c> is for init.
/// </summary>
public sealed class KernelCommandLine
{
    private readonly List<(string Name, string? Value)> _words;

    private KernelCommandLine(List<(string Name, string? Value)> words) => _words = words;

    /// <summary>Every word, in order.</summary>
    public IReadOnlyList<(string Name, string? Value)> Words => _words;

    /// <summary>Reads a command line; nothing is malformed.</summary>
    public static KernelCommandLine Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var words = new List<(string, string?)>();
        var at = 0;
        while (NextWord(text, ref at) is { } word)
        {
            if (word == "--")
                break;
            var equals = word.IndexOf('=', StringComparison.Ordinal);
            words.Add(equals < 0 ? (Unquote(word), null) : (Unquote(word[..equals]), Unquote(word[(equals + 1)..])));
        }
        return new KernelCommandLine(words);
    }

    /// <summary>The last value of a name; empty when it stands there without one, null when it does not.</summary>
    public string? Last(string name)
    {
        var index = _words.FindLastIndex(word => word.Name == name);
        return index < 0 ? null : _words[index].Value ?? "";
    }

    /// <summary>Every value of a name, in order.</summary>
    public IEnumerable<string> All(string name) => _words.Where(word => word.Name == name).Select(word => word.Value ?? "");

    private static string? NextWord(string text, ref int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
            at++;
        if (at == text.Length)
            return null;
        var start = at;
        for (var quoted = false; at < text.Length && (quoted || !char.IsWhiteSpace(text[at])); at++)
            quoted ^= text[at] == '"';
        return text[start..at];
    }

    private static string Unquote(string text) => text.Replace("\"", "", StringComparison.Ordinal);
}
