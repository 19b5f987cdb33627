using System.Globalization;

namespace StatelessSwarm.Cli.Units;

/// <summary>Byte counts as people write them.</summary>
internal static class ByteCount
{
    private static readonly string[] UnitNames = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>For example <c>317.4 MiB</c>; one decimal from KiB on.</summary>
    public static string Format(long bytes)
    {
        double value = bytes;
        var unit = 0;
        while (Math.Abs(value) >= 1024 && unit < UnitNames.Length - 1)
        {
            value /= 1024;
            unit++;
        }
        return unit == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{bytes} B")
            : string.Create(CultureInfo.InvariantCulture, $"{value:0.0} {UnitNames[unit]}");
    }

    /// <summary>Reads <c>512</c>, <c>64K</c>, <c>256MiB</c>, <c>2G</c>: powers of 1024, suffix of either case.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        var digits = text.AsSpan().TrimEnd("iIbB");
        var shift = 0;
        if (digits.Length > 0 && "kmgt".IndexOf(char.ToLowerInvariant(digits[^1]), StringComparison.Ordinal) is >= 0 and var unit)
        {
            shift = 10 * (unit + 1);
            digits = digits[..^1];
        }
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number > long.MaxValue >> shift)
            return false;
        bytes = number << shift;
        return true;
    }
}
