using System.Globalization;

namespace StatelessSwarm.Testing.Http;

/// <summary>The head of a request, as it came.</summary>
/// <param name="Path">Target of the request line, percent-encoding and all.</param>
/// <param name="Headers">Headers by name, case ignored; of equal names the last.</param>
public sealed record RawHttpRequest(string Path, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>Set by a handler whose answer leaves the connection fit for the next request.</summary>
    public bool IsKeptAlive { get; set; }

    /// <summary>First and last byte of a <c>Range: bytes=first-last</c>; null without one.</summary>
    public (long First, long Last)? Range
    {
        get
        {
            if (!Headers.TryGetValue("Range", out var text) || !text.StartsWith("bytes=", StringComparison.Ordinal))
                return null;
            var ends = text["bytes=".Length..].Split('-');
            return (long.Parse(ends[0], CultureInfo.InvariantCulture), long.Parse(ends[1], CultureInfo.InvariantCulture));
        }
    }
}
