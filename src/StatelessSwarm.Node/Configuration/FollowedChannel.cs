using System.Diagnostics.CodeAnalysis;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Node.Configuration;

/// <summary>What a node follows: a channel, written <c>product/channel</c>, or one release for ever, written <c>sha256:DIGEST</c>.</summary>
/// <param name="Product">1-64 characters of <c>[a-z0-9._-]</c>, first one a letter or digit; empty with a release.</param>
/// <param name="Channel">Same alphabet; empty with a release.</param>
/// <param name="Release">The release, by its digest.</param>
public sealed record FollowedChannel(string Product, string Channel, Sha256Digest? Release = null)
{
    private const int MaxName = 64;
    private const string ReleasePrefix = "sha256:";

    /// <summary>Reads <c>product/channel</c> or <c>sha256:DIGEST</c>; false for anything else.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out FollowedChannel? followed)
    {
        if (text.StartsWith(ReleasePrefix, StringComparison.Ordinal))
        {
            followed = Sha256Digest.TryParseHex(text.AsSpan(ReleasePrefix.Length), out var release) ? new FollowedChannel("", "", release) : null;
            return followed is not null;
        }
        followed = text.Split('/') is [var product, var channel] && IsName(product) && IsName(channel)
            ? new FollowedChannel(product, channel)
            : null;
        return followed is not null;
    }

    /// <summary>True for a product or channel name.</summary>
    public static bool IsName(string text) =>
        text.Length is > 0 and <= MaxName
        && char.IsAsciiLetterOrDigit(text[0])
        && text.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter is '.' or '_' or '-');

    /// <inheritdoc/>
    public override string ToString() => Release is { } release ? ReleasePrefix + release : $"{Product}/{Channel}";
}
