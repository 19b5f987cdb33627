namespace StatelessSwarm.Node.Configuration;

/// <summary>The channel a node follows, written <c>product/channel</c>.</summary>
/// <param name="Product">1-64 characters of <c>[a-z0-9._-]</c>, first one a letter or digit.</param>
/// <param name="Channel">Same alphabet.</param>
public sealed record FollowedChannel(string Product, string Channel)
{
    private const int MaxName = 64;

    /// <summary>Reads <c>product/channel</c>; false for anything else.</summary>
    public static bool TryParse(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out FollowedChannel? followed)
    {
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
    public override string ToString() => $"{Product}/{Channel}";
}
