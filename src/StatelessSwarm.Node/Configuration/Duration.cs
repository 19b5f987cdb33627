using System.Globalization;

namespace StatelessSwarm.Node.Configuration;

/// <summary>Durations as people write them.</summary>
public static class Duration
{
    /// <summary>Reads <c>500ms</c>, <c>30s</c>, <c>5m</c>, <c>2h</c>; a number alone is seconds.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        var (digits, unit) = text switch
        {
            [.., 'm', 's'] => (text[..^2], TimeSpan.TicksPerMillisecond),
            [.., 's'] => (text[..^1], TimeSpan.TicksPerSecond),
            [.., 'm'] => (text[..^1], TimeSpan.TicksPerMinute),
            [.., 'h'] => (text[..^1], TimeSpan.TicksPerHour),
            _ => (text, TimeSpan.TicksPerSecond),
        };
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > long.MaxValue / unit)
            return false;
        duration = TimeSpan.FromTicks(number * unit);
        return true;
    }

    /// <summary>In the largest unit that leaves a whole number: <c>90s</c>, <c>2m</c>.</summary>
    public static string Format(TimeSpan duration)
    {
        var ms = (long)duration.TotalMilliseconds;
        var (number, unit) =
            ms == 0 ? (0, "s")
            : ms % 3_600_000 == 0 ? (ms / 3_600_000, "h")
            : ms % 60_000 == 0 ? (ms / 60_000, "m")
            : ms % 1000 == 0 ? (ms / 1000, "s")
            : (ms, "ms");
        return string.Create(CultureInfo.InvariantCulture, $"{number}{unit}");
    }
}
