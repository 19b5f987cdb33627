using System.Globalization;
using StatelessSwarm.Engine.Limits;

namespace StatelessSwarm.Node.Limits;

/// <summary>
/// Hours of the day in which other limits hold for the WAN link: <c>20:00-06:00@full</c>. The end is not included; a range over midnight
/// belongs to both days; <c>00:00-24:00</c> is the whole day. Local time of the machine.
/// </summary>
/// <param name="Start">First minute of the day, 0 to 1439.</param>
/// <param name="End">Minute after the last one, 1 to 1440.</param>
/// <param name="Rate">Bytes per second; null for no limit, 0 for nothing.</param>
public sealed record WanHours(int Start, int End, long? Rate)
{
    /// <summary>What is expected, for messages.</summary>
    public const string Expected = "HH:MM-HH:MM@RATE such as 20:00-06:00@full, 08:00-18:00@2M or 12:00-13:00@off";

    private const int DayMinutes = 24 * 60;

    /// <summary>Reads a range; null when it is none. <c>@0</c> is <c>@off</c>.</summary>
    public static WanHours? TryParse(string text)
    {
        var at = text.IndexOf('@');
        var dash = text.IndexOf('-');
        if (at < 0 || dash < 0 || dash > at)
            return null;
        var start = MinuteOf(text.AsSpan(0, dash));
        var end = MinuteOf(text.AsSpan(dash + 1, at - dash - 1));
        var rate = text[(at + 1)..];
        if (start is not { } from || end is not { } to || from == DayMinutes || from == to)
            return null;
        return LimitRate.TryParse(rate == "0" ? "off" : rate, out var bytes) ? new WanHours(from, to == 0 ? DayMinutes : to, bytes) : null;
    }

    /// <summary>The minute of the day lies in the range.</summary>
    public bool Contains(int minute) => Start < End ? minute >= Start && minute < End : minute >= Start || minute < End;

    /// <summary>
    /// The limits while the range lasts. <c>full</c> lifts those of the WAN link in both directions, <c>off</c> stops it in both; a rate
    /// takes the place of the download limit: of the site's where there is one, else of the node's.
    /// </summary>
    public TransferLimits ApplyTo(TransferLimits limits) =>
        Rate switch
        {
            null => limits with { WanDown = null, WanUp = null, SiteWanDown = null, SiteWanUp = null },
            0 => limits with { WanDown = 0, WanUp = 0 },
            { } rate when limits.SiteWanDown is not null => limits with { SiteWanDown = rate },
            { } rate => limits with { WanDown = rate },
        };

    /// <summary>As it is written.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Start / 60:00}:{Start % 60:00}-{End / 60:00}:{End % 60:00}@{LimitRate.Format(Rate)}"
        );

    private static int? MinuteOf(ReadOnlySpan<char> text)
    {
        if (text.Length != 5 || text[2] != ':')
            return null;
        var isNumber =
            int.TryParse(text[..2], NumberStyles.None, CultureInfo.InvariantCulture, out var hours)
            & int.TryParse(text[3..], NumberStyles.None, CultureInfo.InvariantCulture, out var minutes);
        if (!isNumber || minutes > 59 || hours * 60 + minutes > DayMinutes)
            return null;
        return hours * 60 + minutes;
    }
}
