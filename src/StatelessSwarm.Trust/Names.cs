using StatelessSwarm.Content.Manifests;

namespace StatelessSwarm.Trust;

/// <summary>Names that become paths, refused before any path is made of them.</summary>
internal static class Names
{
    /// <exception cref="TrustException">Malformed.</exception>
    public static void RequireProduct(string name) =>
        Require(ManifestText.IsName(name), "product", name, "[a-z0-9._-], first one a letter or digit");

    /// <exception cref="TrustException">Malformed.</exception>
    public static void RequireChannel(string name) =>
        Require(ManifestText.IsName(name), "channel", name, "[a-z0-9._-], first one a letter or digit");

    /// <exception cref="TrustException">Malformed.</exception>
    public static void RequireVersion(string version) =>
        Require(ManifestText.IsVersion(version), "version", version, "[A-Za-z0-9.+~_-]");

    /// <summary>A machine's name: 1 to 64 characters of [A-Za-z0-9._-].</summary>
    public static bool IsMachine(string name) =>
        name.Length is > 0 and <= ManifestText.MaxNameLength && name.All(each => char.IsAsciiLetterOrDigit(each) || each is '.' or '_' or '-');

    /// <exception cref="TrustException">Malformed.</exception>
    public static void RequireMachine(string name) => Require(IsMachine(name), "name", name, "[A-Za-z0-9._-]");

    private static void Require(bool holds, string kind, string name, string alphabet)
    {
        if (!holds)
        {
            var shown = new string(
                [.. name.Take(ManifestText.MaxNameLength).Select(each => char.IsControl(each) ? '?' : each)]
            );
            throw new TrustException(
                TrustFault.Malformed,
                $"{kind} \"{shown}\": expected 1 to {ManifestText.MaxNameLength} characters of {alphabet}."
            );
        }
    }
}
