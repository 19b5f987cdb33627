using System.Diagnostics.CodeAnalysis;

namespace StatelessSwarm.Swarm.Trackers;

/// <summary>Tracker URLs we can announce to: <c>http</c>, <c>https</c> (BEP 3) and <c>udp://HOST:PORT[/PATH]</c> (BEP
/// 15).</summary>
public static class TrackerUrl
{
    /// <summary>Scheme of UDP trackers.</summary>
    internal const string UdpScheme = "udp";

    /// <summary>Reads a URL; false for other schemes, no host, and a UDP tracker without a port.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Uri? url) =>
        Uri.TryCreate(text, UriKind.Absolute, out url)
        && url.Host.Length > 0
        && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps || (url.Scheme == UdpScheme && url.Port > 0));

    /// <summary>Tiers of a metainfo or magnet link (BEP 12) without what <see cref="TryParse"/> refuses and without
    /// empty tiers.</summary>
    public static IReadOnlyList<IReadOnlyList<Uri>> ParseTiers(IReadOnlyList<IReadOnlyList<string>> tiers)
    {
        var parsed = new List<IReadOnlyList<Uri>>();
        foreach (var tier in tiers)
        {
            var urls = new List<Uri>();
            foreach (var text in tier)
            {
                if (TryParse(text, out var url))
                    urls.Add(url);
            }
            if (urls.Count > 0)
                parsed.Add(urls);
        }
        return parsed;
    }
}
