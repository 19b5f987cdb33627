using System.Buffers;
using System.Text.Json;

namespace StatelessSwarm.Seed.Status;

/// <summary>
/// <c>GET /healthz</c>: <c>{"status":"ok","releases":2,"peers":40,"connections":12,"uptime_seconds":3600}</c>; status is
/// <c>starting</c>, with 503, until the releases that were there at start are served. <c>peers</c> counts those the tracker
/// remembers, <c>connections</c> those connected to the seed's own peer.
/// </summary>
internal static class HealthReport
{
    /// <summary>The JSON document.</summary>
    public static byte[] Write(StatusSnapshot status)
    {
        var output = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteString("status"u8, status.IsReady ? "ok"u8 : "starting"u8);
            json.WriteNumber("releases"u8, status.Releases.Count);
            json.WriteNumber("peers"u8, status.TrackedPeers);
            json.WriteNumber("connections"u8, status.Releases.Sum(served => served.Session?.Status.Peers ?? 0));
            json.WriteNumber("uptime_seconds"u8, (long)status.Uptime.TotalSeconds);
            json.WriteEndObject();
        }
        return [.. output.WrittenSpan, (byte)'\n'];
    }
}
