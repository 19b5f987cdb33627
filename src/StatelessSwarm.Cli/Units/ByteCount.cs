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
}
