using System.Globalization;

namespace StatelessSwarm.Cli.Units;

/// <summary>Shares for people.</summary>
internal static class Percent
{
    /// <summary>For example <c>42%</c>; rounds down, so that 100% means all of it.</summary>
    public static string Of(long part, long whole) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(whole <= 0 ? 100 : (long)Math.Floor(100.0 * Math.Clamp(part, 0, whole) / whole))}%"
        );
}
