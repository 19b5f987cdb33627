using System.Globalization;
using StatelessSwarm.Cli.Units;
using StatelessSwarm.Node.Limits;

namespace StatelessSwarm.Cli.Nodes;

/// <summary>Limits as a person reads them.</summary>
internal static class LimitText
{
    /// <summary>What is limited, in one line.</summary>
    public static string Line(LimitStatus status)
    {
        var parts = LimitNames
            .All.Where(name => LimitNames.Get(status.InForce, name) is not null)
            .Select(name => $"{LimitNames.OptionOf(name)} {Rate(LimitNames.Get(status.InForce, name))}")
            .ToList();
        if (status.SiteDownShare is { } share)
            parts.Add($"share {Rate(share)} of {status.SiteFetchers} fetching");
        if (status.Hours is { } hours)
            parts.Add($"hours {hours}");
        parts.Add($"wan {(status.IsBackground ? "in the background" : "as any other traffic")}");
        return string.Join(", ", parts);
    }

    /// <summary>A table of all limits.</summary>
    public static void Write(TextWriter writer, LimitStatus status)
    {
        foreach (var name in LimitNames.All)
        {
            var inForce = LimitNames.Get(status.InForce, name);
            var configured = LimitNames.Get(status.Configured, name);
            var why = status.Changed.Contains(name) ? "changed by hand" : inForce != configured ? $"hours {status.Hours}" : "";
            var note = why.Length > 0 ? $"  ({why}; option: {Rate(configured)})" : "";
            writer.WriteLine($"{LimitNames.OptionOf(name), -14} {Rate(inForce)}{note}");
        }
        if (status.SiteDownShare is { } down)
            writer.WriteLine($"{"share down", -14} {Rate(down)}, {status.SiteFetchers} member(s) fetching");
        if (status.SiteUpShare is { } up)
            writer.WriteLine($"{"share up", -14} {Rate(up)}");
        if (status.Hours is { } hours)
            writer.WriteLine($"{"hours", -14} {hours}");
        writer.WriteLine($"{"wan-mode", -14} {(status.IsBackground ? "background" : "normal")}");
        if (status.WindowBytes is { } window)
            writer.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{"window", -14} {ByteCount.Format(window)} on the way, queue {status.QueueMilliseconds:0.0} ms"
                )
            );
    }

    private static string Rate(long? rate) =>
        rate switch
        {
            null => "no limit",
            0 => "off",
            { } bytes => $"{ByteCount.Format(bytes)}/s",
        };
}
