using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace StatelessSwarm.Seed.Status;

/// <summary><c>GET /</c>: channels, releases and swarms on one page without scripts. Every text from the repository is escaped.</summary>
internal static class StatusPage
{
    /// <summary>What the page may load: nothing but its own style.</summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    private const string Style = """
        body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1b2733;background:#fff}
        h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}p.quiet{color:#57687a}
        table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #d8e0e8}
        td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}code{font-size:.85em;overflow-wrap:anywhere}
        @media(prefers-color-scheme:dark){body{background:#12181f;color:#dbe4ec}th,td{border-color:#2c3945}p.quiet{color:#93a4b4}}
        """;

    /// <summary>The document.</summary>
    public static string Write(StatusSnapshot status, SeedCounters counters)
    {
        var html = new StringBuilder(4096);
        html.Append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
            .Append("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">")
            .Append("<title>StatelessSwarm seed</title><style>").Append(Style).Append("</style></head><body>\n")
            .Append("<h1>StatelessSwarm seed</h1>\n<p class=\"quiet\">");
        html.Append(status.IsReady ? "Up" : "Starting").Append(", running for ").Append(Duration(status.Uptime)).Append(". ")
            .Append(Number(status.TrackedPeers)).Append(" peers announced; ")
            .Append(Bytes(counters.FileBytesSent)).Append(" sent over HTTP, ")
            .Append(Bytes(status.Releases.Sum(Sent))).Append(" to peers.</p>\n");

        html.Append("<h2>Channels</h2>\n");
        if (status.ChannelFault is { } fault)
            html.Append("<p>Cannot be read: ").Append(Text(fault)).Append("</p>\n");
        else if (status.Channels.Count == 0)
            html.Append("<p class=\"quiet\">None yet.</p>\n");
        else
        {
            html.Append("<table><tr><th>Channel</th><th>Version</th><th class=\"number\">Build</th>")
                .Append("<th class=\"number\">Serial</th><th>Believed until</th><th>Release</th></tr>\n");
            foreach (var channel in status.Channels)
            {
                html.Append("<tr><td>").Append(Text($"{channel.Product}/{channel.Channel}"))
                    .Append("</td><td>").Append(Text(channel.Version))
                    .Append("</td><td class=\"number\">").Append(Number(channel.Build))
                    .Append("</td><td class=\"number\">").Append(Number(channel.Serial))
                    .Append("</td><td>").Append(Text(Day(channel.ExpiresUnixSeconds)))
                    .Append("</td><td><code>").Append(channel.Release.ToString()[..16]).Append("</code></td></tr>\n");
            }
            html.Append("</table>\n");
        }

        html.Append("<h2>Releases</h2>\n");
        if (status.Releases.Count == 0)
            html.Append("<p class=\"quiet\">None yet.</p>\n");
        else
        {
            html.Append("<table><tr><th>Product</th><th>Version</th><th class=\"number\">Build</th><th class=\"number\">Size</th>")
                .Append("<th class=\"number\">Complete</th><th class=\"number\">Fetching</th><th class=\"number\">Connected</th>")
                .Append("<th class=\"number\">Sent to peers</th><th>Digest</th></tr>\n");
            foreach (var served in status.Releases)
            {
                var manifest = served.Release.Manifest;
                var swarm = status.Swarms.FirstOrDefault(swarm => swarm.Release == served.Release.Digest);
                html.Append("<tr><td>").Append(Text(manifest.Product))
                    .Append("</td><td>").Append(Text(manifest.Version))
                    .Append("</td><td class=\"number\">").Append(Number(manifest.Build))
                    .Append("</td><td class=\"number\">").Append(Bytes(manifest.TotalBytes))
                    .Append("</td><td class=\"number\">").Append(Number(swarm?.Complete ?? 0))
                    .Append("</td><td class=\"number\">").Append(Number(swarm?.Incomplete ?? 0))
                    .Append("</td><td class=\"number\">").Append(Number(served.Session?.Status.Peers ?? 0))
                    .Append("</td><td class=\"number\">").Append(Bytes(Sent(served)))
                    .Append("</td><td><code>").Append(served.Release.Digest.ToString()).Append("</code></td></tr>\n");
            }
            html.Append("</table>\n");
        }
        return html.Append("</body></html>\n").ToString();
    }

    private static long Sent(Releases.ServedRelease served) =>
        served.Session?.Status is { } now ? now.SentLanBytes + now.SentWanBytes : 0;

    private static string Text(string text) => HtmlEncoder.Default.Encode(text);

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Day(long unixSeconds) =>
        unixSeconds < DateTimeOffset.MinValue.ToUnixTimeSeconds() || unixSeconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? Number(unixSeconds)
            : DateTimeOffset.FromUnixTimeSeconds(unixSeconds).ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);

    private static string Duration(TimeSpan time) =>
        time.TotalDays >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{time.Days} d {time.Hours} h")
            : string.Create(CultureInfo.InvariantCulture, $"{time:hh\\:mm\\:ss}");

    private static string Bytes(long bytes) =>
        bytes switch
        {
            >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB"),
            >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB"),
            >= 1_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.0} kB"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        };
}
