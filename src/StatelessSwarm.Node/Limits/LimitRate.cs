using System.Globalization;
using StatelessSwarm.Node.Configuration;

namespace StatelessSwarm.Node.Limits;

/// <summary>
/// A limit as people write it: bytes per second with the units of <see cref="ByteSize"/> (5M is 5 x 1,048,576 bytes), <c>full</c> for no
/// limit, <c>off</c> for nothing at all.
/// </summary>
public static class LimitRate
{
    /// <summary>
    /// Least rate: a block of 16 KiB per second. A node slower than that would hold on to a piece for so long that its neighbours take it over.
    /// </summary>
    public const long Least = 16 * 1024;

    /// <summary>What is expected, for messages.</summary>
    public const string Expected = "bytes per second of at least 16K such as 5M, or full (no limit), or off (nothing)";

    /// <summary>Reads a rate; <paramref name="bytesPerSecond"/> is null for no limit.</summary>
    public static bool TryParse(string text, out long? bytesPerSecond)
    {
        bytesPerSecond = null;
        if (text == "full")
            return true;
        if (text == "off")
        {
            bytesPerSecond = 0;
            return true;
        }
        if (!ByteSize.TryParse(text, out var bytes) || bytes < Least)
            return false;
        bytesPerSecond = bytes;
        return true;
    }

    /// <summary>For example <c>5M</c>, <c>640K</c>, <c>full</c>; what <see cref="TryParse"/> reads back.</summary>
    public static string Format(long? bytesPerSecond) =>
        bytesPerSecond switch
        {
            null => "full",
            0 => "off",
            { } bytes when bytes % (1 << 20) == 0 => string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20}M"),
            { } bytes when bytes % (1 << 10) == 0 => string.Create(CultureInfo.InvariantCulture, $"{bytes >> 10}K"),
            { } bytes => bytes.ToString(CultureInfo.InvariantCulture),
        };
}
