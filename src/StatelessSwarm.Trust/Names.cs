using System.Buffers;

namespace StatelessSwarm.Trust;

/// <summary>Names that become paths, refused before any path is made of them.</summary>
internal static class Names
{
    private const int MaxLength = 64;

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789._-");

    private static readonly SearchValues<char> VersionCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.+~_-");

    /// <summary>1-64 characters of [a-z0-9._-], the first a letter or digit.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= MaxLength
        && char.IsAsciiLetterOrDigit(name[0])
        && !name.AsSpan().ContainsAnyExcept(NameCharacters);

    /// <summary>1-64 characters of [A-Za-z0-9.+~_-].</summary>
    public static bool IsVersion(string version) =>
        version.Length is > 0 and <= MaxLength && !version.AsSpan().ContainsAnyExcept(VersionCharacters);

    public static void RequireProduct(string name) => Require(IsName(name), "product", name, "[a-z0-9._-], first a letter or digit");

    public static void RequireChannel(string name) => Require(IsName(name), "channel", name, "[a-z0-9._-], first a letter or digit");

    public static void RequireVersion(string version) => Require(IsVersion(version), "version", version, "[A-Za-z0-9.+~_-]");

    private static void Require(bool holds, string kind, string name, string alphabet)
    {
        if (!holds)
        {
            var shown = new string([.. name.Take(MaxLength).Select(each => char.IsControl(each) ? '?' : each)]);
            throw new TrustException(
                TrustFault.Malformed,
                $"{kind} name \"{shown}\": expected 1 to {MaxLength} characters of {alphabet}."
            );
        }
    }
}
