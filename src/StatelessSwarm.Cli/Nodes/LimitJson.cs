using System.Text.Json;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Node.Limits;

namespace StatelessSwarm.Cli.Nodes;

/// <summary>
/// Limits as scripts read them: bytes per second, null for no limit, 0 for nothing; members are only ever added.
/// </summary>
internal static class LimitJson
{
    /// <summary>Members of the limits, inside an object already begun.</summary>
    public static void Write(Utf8JsonWriter json, LimitStatus status)
    {
        Write(json, "in_force", status.InForce);
        Write(json, "configured", status.Configured);
        json.WriteStartArray("changed");
        foreach (var name in status.Changed)
            json.WriteStringValue(MemberOf(name));
        json.WriteEndArray();
        json.WriteString("hours", status.Hours);
        json.WriteString("wan_mode", status.IsBackground ? "background" : "normal");
        WriteRate(json, "site_down_share", status.SiteDownShare);
        WriteRate(json, "site_up_share", status.SiteUpShare);
        json.WriteNumber("site_fetchers", status.SiteFetchers);
        WriteRate(json, "window_bytes", status.WindowBytes);
        json.WriteNumber("queue_milliseconds", Math.Round(status.QueueMilliseconds, 3));
    }

    private static void Write(Utf8JsonWriter json, string member, TransferLimits limits)
    {
        json.WriteStartObject(member);
        foreach (var name in LimitNames.All)
            WriteRate(json, MemberOf(name), LimitNames.Get(limits, name));
        json.WriteEndObject();
    }

    private static void WriteRate(Utf8JsonWriter json, string member, long? rate)
    {
        if (rate is { } bytes)
            json.WriteNumber(member, bytes);
        else
            json.WriteNull(member);
    }

    private static string MemberOf(LimitName name) => LimitNames.OptionOf(name).Replace('-', '_');
}
