using System.Globalization;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Limits;

namespace StatelessSwarm.Cli.Torrents.Limits;

/// <summary>Values of limits as they are typed and shown; a wrong one names the option, the text and the range.</summary>
internal static class LimitValue
{
    /// <summary>A rate in bytes per second; null for no limit.</summary>
    public static long? Rate(string option, string text) =>
        LimitRate.TryParse(text, out var rate) ? rate : throw Wrong(option, text, LimitRate.Expected);

    /// <summary>Reads a number in a range, both ends included.</summary>
    /// <exception cref="CommandException">It is none.</exception>
    public static int Count(string option, string text, int from, int to) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= from && value <= to
            ? value
            : throw Wrong(option, text, $"a number from {from} to {to}");

    /// <summary>Reads a byte count in a range.</summary>
    /// <exception cref="CommandException">It is none.</exception>
    public static long Size(string option, string text, long from, long to) =>
        ByteSize.TryParse(text, out var value) && value >= from && value <= to
            ? value
            : throw Wrong(option, text, $"a size from {Format(from)} to {Format(to)}");

    /// <summary>Reads a duration in a range.</summary>
    /// <exception cref="CommandException">It is none.</exception>
    public static TimeSpan Time(string option, string text, TimeSpan from, TimeSpan to) =>
        Duration.TryParse(text, out var value) && value >= from && value <= to
            ? value
            : throw Wrong(option, text, $"a time from {Duration.Format(from)} to {Duration.Format(to)}");

    /// <summary>In the largest unit that leaves a whole number: <c>16M</c>.</summary>
    public static string Format(long bytes)
    {
        var unit = 0;
        while (unit < 4 && bytes != 0 && bytes % 1024 == 0)
        {
            bytes /= 1024;
            unit++;
        }
        return string.Create(CultureInfo.InvariantCulture, $"{bytes}{(unit == 0 ? "" : "KMGT"[unit - 1])}");
    }

    /// <summary>A fault of the command line, in one line.</summary>
    public static CommandException Wrong(string option, string text, string expected) =>
        new(ExitCode.Usage, $"{option} {(text.Length > 100 ? text[..100] + "..." : text)}: {expected} expected");
}
