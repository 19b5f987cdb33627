using System.Globalization;

namespace StatelessSwarm.Seed.Hosting;

/// <summary>
/// A rate as people type it: a number and a unit. <c>500k</c>, <c>12.5M</c>, <c>1G</c> are bytes per second in powers of 1000,
/// <c>Ki</c>, <c>Mi</c>, <c>Gi</c> in powers of 1024, <c>kbit</c>, <c>Mbit</c>, <c>Gbit</c> bits per second; no unit means
/// bytes per second.
/// </summary>
internal static class TransferRate
{
    private static readonly (string Unit, double Factor)[] Units =
    [
        ("kbit", 125),
        ("Mbit", 125e3),
        ("Gbit", 125e6),
        ("Ki", 1024),
        ("Mi", 1024 * 1024),
        ("Gi", 1024 * 1024 * 1024),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("", 1),
    ];

    /// <summary>Reads a rate of 1 byte to 1 TB per second.</summary>
    public static bool TryParse(string text, out long bytesPerSecond)
    {
        bytesPerSecond = 0;
        foreach (var (unit, factor) in Units)
        {
            if (!text.EndsWith(unit, StringComparison.OrdinalIgnoreCase))
                continue;
            var number = text.AsSpan(0, text.Length - unit.Length);
            if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value))
                return false;
            value *= factor;
            if (value is not (>= 1 and <= 1e12))
                return false;
            bytesPerSecond = (long)value;
            return true;
        }
        return false;
    }
}
