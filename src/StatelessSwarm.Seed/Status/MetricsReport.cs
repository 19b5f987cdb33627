using System.Globalization;
using System.Text;

namespace StatelessSwarm.Seed.Status;

/// <summary><c>GET /metrics</c>: the Prometheus text format 0.0.4. Labels hold digests and fixed words only.</summary>
internal static class MetricsReport
{
    /// <summary>The document.</summary>
    public static string Write(StatusSnapshot status, SeedCounters counters)
    {
        var text = new StringBuilder(2048);
        Head(text, "stateless_seed_ready", "gauge", "1 once the releases that were there at start are served.");
        Line(text, "stateless_seed_ready", status.IsReady ? 1 : 0);
        Head(text, "stateless_seed_uptime_seconds", "gauge", "Seconds since the server started.");
        Line(text, "stateless_seed_uptime_seconds", (long)status.Uptime.TotalSeconds);
        Head(text, "stateless_seed_releases", "gauge", "Releases served.");
        Line(text, "stateless_seed_releases", status.Releases.Count);
        Head(text, "stateless_seed_http_file_bytes_total", "counter", "Bytes of repository files sent over HTTP.");
        Line(text, "stateless_seed_http_file_bytes_total", counters.FileBytesSent);
        Head(text, "stateless_seed_http_file_requests_total", "counter", "Requests for files that were there.");
        Line(text, "stateless_seed_http_file_requests_total", counters.FileRequests);
        Head(text, "stateless_seed_http_refused_total", "counter", "Requests answered with an error.");
        Line(text, "stateless_seed_http_refused_total", counters.RefusedRequests);
        Head(text, "stateless_seed_announces_total", "counter", "Tracker requests by outcome.");
        Line(text, "stateless_seed_announces_total{result=\"answered\"}", counters.AnnouncesAnswered);
        Line(text, "stateless_seed_announces_total{result=\"failed\"}", counters.AnnouncesFailed);
        Line(text, "stateless_seed_announces_total{result=\"limited\"}", counters.AnnouncesLimited);
        Head(text, "stateless_seed_tracked_peers", "gauge", "Peers the tracker remembers.");
        Line(text, "stateless_seed_tracked_peers", status.TrackedPeers);

        Head(text, "stateless_seed_swarm_peers", "gauge", "Peers of a swarm, the seed's own included.");
        foreach (var swarm in status.Swarms)
        {
            Line(text, $"stateless_seed_swarm_peers{{release=\"{swarm.Release}\",state=\"complete\"}}", swarm.Complete);
            Line(text, $"stateless_seed_swarm_peers{{release=\"{swarm.Release}\",state=\"incomplete\"}}", swarm.Incomplete);
        }
        Head(text, "stateless_seed_swarm_downloads_total", "counter", "Downloads that peers reported as completed.");
        foreach (var swarm in status.Swarms)
            Line(text, $"stateless_seed_swarm_downloads_total{{release=\"{swarm.Release}\"}}", swarm.Downloaded);

        Head(text, "stateless_seed_peer_connections", "gauge", "Peers connected to the seed's own peer.");
        foreach (var served in status.Releases)
        {
            var peers = served.Session?.Status.Peers ?? 0;
            Line(text, $"stateless_seed_peer_connections{{release=\"{served.Release.Digest}\"}}", peers);
        }
        Head(text, "stateless_seed_peer_bytes_total", "counter", "Payload bytes sent to peers.");
        foreach (var served in status.Releases)
        {
            var sent = served.Session?.Status is { } now ? now.SentLanBytes + now.SentWanBytes : 0;
            Line(text, $"stateless_seed_peer_bytes_total{{release=\"{served.Release.Digest}\"}}", sent);
        }
        return text.ToString();
    }

    private static void Head(StringBuilder text, string name, string type, string help) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n')
            .Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private static void Line(StringBuilder text, string series, long value) =>
        text.Append(series).Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
