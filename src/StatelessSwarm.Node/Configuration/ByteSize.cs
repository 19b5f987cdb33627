using System.Globalization;

namespace StatelessSwarm.Node.Configuration;

/// <summary>Byte counts as people write them.</summary>
public static class ByteSize
{
    private const string Suffixes = "kmgt";

    /// <summary>Reads <c>512</c>, <c>64K</c>, <c>256MiB</c>, <c>2G</c>: powers of 1024, suffix of either case.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        var digits = text.AsSpan();
        if (digits.EndsWith("ib", StringComparison.OrdinalIgnoreCase))
            digits = digits[..^2];
        else if (digits.EndsWith("b", StringComparison.OrdinalIgnoreCase))
            digits = digits[..^1];
        var shift = 0;
        if (digits.Length > 0)
        {
            var unit = Suffixes.IndexOf(char.ToLowerInvariant(digits[^1]), StringComparison.Ordinal);
            if (unit >= 0)
            {
                shift = 10 * (unit + 1);
                digits = digits[..^1];
            }
        }
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number > long.MaxValue >> shift)
            return false;
        bytes = number << shift;
        return true;
    }
}
