using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Seed.Files;

/// <summary>
/// A URL path that may name a file of a repository. Read from the raw request target, before anything folds dot segments:
/// <code>
/// metadata/{1 to 4 segments}.mp
/// releases/{64 lower-case hex digits}/{1 or 2 segments}
/// </code>
/// A segment has 1 to 255 characters of <c>[A-Za-z0-9._~+@,=-]</c>, plain or percent-encoded. It does not begin with a dot
/// (hidden files, '.' and '..'); the last one does not end in <c>~</c>, <c>.tmp</c>, <c>.part</c> or <c>.lock</c> (files in
/// the making; a version may end so).
/// </summary>
internal readonly record struct RepositoryPath
{
    /// <summary>Longest raw path read.</summary>
    public const int MaxLength = 2048;

    private const int MaxMetadataDepth = 4;
    private static readonly string[] UnfinishedEndings = ["~", ".tmp", ".part", ".lock"];

    private RepositoryPath(string relative, bool isImmutable)
    {
        Relative = relative;
        IsImmutable = isImmutable;
    }

    /// <summary>Path below the repository, segments joined by '/'.</summary>
    public string Relative { get; }

    /// <summary>A file of a release: its content never changes.</summary>
    public bool IsImmutable { get; }

    /// <summary>Reads the path of a request target, without its query.</summary>
    /// <param name="raw">Raw path, with its leading '/'.</param>
    /// <param name="path">The path.</param>
    /// <returns>False when no file of a repository can have that path.</returns>
    public static bool TryParse(ReadOnlySpan<char> raw, out RepositoryPath path)
    {
        path = default;
        if (raw.Length is < 2 or > MaxLength || raw[0] != '/')
            return false;
        var segments = new List<string>();
        var rest = raw[1..];
        foreach (var range in rest.Split('/'))
        {
            if (segments.Count > MaxMetadataDepth || !TryReadSegment(rest[range], out var segment))
                return false;
            segments.Add(segment);
        }
        var isMetadata =
            segments is ["metadata", _, ..] && segments[^1].EndsWith(".mp", StringComparison.Ordinal) && segments[^1].Length > 3;
        var isRelease =
            segments is [RepositoryLayout.Releases, _, _] or [RepositoryLayout.Releases, _, _, _] && IsDigest(segments[1]);
        if (!isMetadata && !isRelease)
            return false;
        var name = segments[^1];
        if (UnfinishedEndings.Any(ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase)))
            return false;
        path = new RepositoryPath(string.Join('/', segments), isRelease);
        return true;
    }

    private static bool IsDigest(string segment) =>
        Sha256Digest.TryParseHex(segment, out _) && !segment.AsSpan().ContainsAnyInRange('A', 'F');

    private static bool TryReadSegment(ReadOnlySpan<char> raw, [NotNullWhen(true)] out string? segment)
    {
        segment = null;
        var decoded = new StringBuilder(raw.Length);
        for (var i = 0; i < raw.Length; i++)
        {
            var c = raw[i];
            if (c == '%')
            {
                if (i + 2 >= raw.Length || !char.IsAsciiHexDigit(raw[i + 1]) || !char.IsAsciiHexDigit(raw[i + 2]))
                    return false;
                c = (char)byte.Parse(raw.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                i += 2;
            }
            if (!char.IsAsciiLetterOrDigit(c) && !"._~+@,=-".Contains(c, StringComparison.Ordinal))
                return false;
            decoded.Append(c);
        }
        if (decoded.Length is 0 or > 255 || decoded[0] == '.')
            return false;
        segment = decoded.ToString();
        return true;
    }
}
