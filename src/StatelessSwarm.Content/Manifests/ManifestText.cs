using System.Buffers;

namespace StatelessSwarm.Content.Manifests;

/// <summary>The alphabets of names in manifests and pointers: what may become a path, a URL or a line on a terminal.</summary>
public static class ManifestText
{
    /// <summary>Longest product, channel or version.</summary>
    public const int MaxNameLength = 64;

    /// <summary>Longest file name in a release.</summary>
    public const int MaxFileNameLength = 128;

    private static readonly SearchValues<char> NameAlphabet = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789._-");

    private static readonly SearchValues<char> VersionAlphabet = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.+~_-"
    );

    /// <summary>True for a product or channel: 1-64 of <c>[a-z0-9._-]</c>, first one a letter or digit.</summary>
    public static bool IsName(string text) =>
        text.Length is > 0 and <= MaxNameLength
        && !text.AsSpan().ContainsAnyExcept(NameAlphabet)
        && char.IsAsciiLetterOrDigit(text[0]);

    /// <summary>True for a version: 1-64 of <c>[A-Za-z0-9.+~_-]</c>.</summary>
    public static bool IsVersion(string text) =>
        text.Length is > 0 and <= MaxNameLength && !text.AsSpan().ContainsAnyExcept(VersionAlphabet);

    /// <summary>
    /// True for the name of a file in a release: 1-128 of <c>[A-Za-z0-9.+~_-]</c>, first one a letter or digit.
    /// </summary>
    public static bool IsFileName(string text) =>
        text.Length is > 0 and <= MaxFileNameLength
        && !text.AsSpan().ContainsAnyExcept(VersionAlphabet)
        && char.IsAsciiLetterOrDigit(text[0]);
}
