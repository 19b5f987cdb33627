using System.Globalization;
using System.Net;
using System.Text;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Torrents;

/// <summary>
/// A magnet link (BEP 9, 53): <c>magnet:?xt=urn:btih:...&amp;xt=urn:btmh:1220...&amp;dn=...&amp;tr=...&amp;ws=...&amp;x.pe=host:port</c>.
/// At least one hash; unknown parameters are left out.
/// </summary>
public sealed record MagnetLink
{
    /// <summary>Longest link in characters.</summary>
    public const int MaxLength = 16 * 1024;

    /// <summary>Most trackers, web seeds and peers, each; those after them are left out.</summary>
    public const int MaxEntries = 64;

    private const string Scheme = "magnet:?";
    private const string V1Urn = "urn:btih:";

    // A multihash: 0x12 says SHA-256, 0x20 says 32 bytes.
    private const string V2Urn = "urn:btmh:1220";

    /// <summary>v1 info hash, or null.</summary>
    public InfoHash? V1Hash { get; init; }

    /// <summary>v2 info hash, or null.</summary>
    public Sha256Digest? V2Hash { get; init; }

    /// <summary>Name to show until the metadata is there, or null; a display text, never a path.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Tracker URLs.</summary>
    public IReadOnlyList<string> Trackers { get; init; } = [];

    /// <summary>Web seed URLs.</summary>
    public IReadOnlyList<string> WebSeeds { get; init; } = [];

    /// <summary>Peers as <c>host:port</c> (<c>x.pe</c>); an IPv6 address stands in brackets.</summary>
    public IReadOnlyList<DnsEndPoint> Peers { get; init; } = [];

    /// <summary>Reads a magnet link.</summary>
    /// <exception cref="ContentException">Names the parameter and what was expected.</exception>
    public static MagnetLink Parse(string link)
    {
        if (link.Length > MaxLength)
            throw Bad("link", $"at most {MaxLength} characters");
        if (!link.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            throw Bad("link", $"to start with {Scheme}");
        InfoHash? v1 = null;
        Sha256Digest? v2 = null;
        string? name = null;
        List<string> trackers = [], webSeeds = [];
        List<DnsEndPoint> peers = [];
        foreach (var part in link[Scheme.Length..].Split('&'))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
                continue;
            var escaped = part[(equals + 1)..];
            var value = Unescape(escaped);
            // "tr.1=" and "tr=" are the same parameter.
            switch (part[..equals].ToLowerInvariant().Split('.')[0])
            {
                case "xt":
                    ReadTopic(value, ref v1, ref v2);
                    break;
                case "dn":
                    name ??= Unescape(escaped.Replace('+', ' '));
                    break;
                case "tr":
                    TakeUrl(trackers, value, "tr");
                    break;
                case "ws":
                    TakeUrl(webSeeds, value, "ws");
                    break;
                case "x" when part.StartsWith("x.pe=", StringComparison.OrdinalIgnoreCase):
                    if (peers.Count < MaxEntries)
                        peers.Add(ReadPeer(value));
                    break;
            }
        }
        if (v1 is null && v2 is null)
            throw Bad("xt", "urn:btih: or urn:btmh: with an info hash");
        return new MagnetLink
        {
            V1Hash = v1,
            V2Hash = v2,
            DisplayName = name,
            Trackers = trackers,
            WebSeeds = webSeeds,
            Peers = peers,
        };
    }

    /// <summary>The link; <see cref="Parse"/> reads it back.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Scheme);
        if (V1Hash is { } v1)
            Add("xt", V1Urn + v1, escape: false);
        if (V2Hash is { } v2)
            Add("xt", V2Urn + v2, escape: false);
        if (DisplayName is { Length: > 0 } name)
            Add("dn", name);
        foreach (var url in Trackers)
            Add("tr", url);
        foreach (var url in WebSeeds)
            Add("ws", url);
        foreach (var peer in Peers)
        {
            var host = peer.Host.Contains(':', StringComparison.Ordinal) ? $"[{peer.Host}]" : peer.Host;
            Add("x.pe", string.Create(CultureInfo.InvariantCulture, $"{host}:{peer.Port}"), escape: false);
        }
        return text.ToString();

        void Add(string key, string value, bool escape = true)
        {
            if (text.Length > Scheme.Length)
                text.Append('&');
            text.Append(key).Append('=').Append(escape ? Uri.EscapeDataString(value) : value);
        }
    }

    private static void ReadTopic(string value, ref InfoHash? v1, ref Sha256Digest? v2)
    {
        if (value.StartsWith(V1Urn, StringComparison.OrdinalIgnoreCase))
        {
            var text = value.AsSpan(V1Urn.Length);
            if (!InfoHash.TryParseHex(text, out var hash) && !TryParseBase32(text, out hash))
                throw Bad("xt", "40 hexadecimal or 32 base32 digits after urn:btih:");
            if (v1 is { } before && before != hash)
                throw Bad("xt", "one v1 info hash");
            v1 = hash;
        }
        else if (value.StartsWith("urn:btmh:", StringComparison.OrdinalIgnoreCase))
        {
            if (!value.StartsWith(V2Urn, StringComparison.OrdinalIgnoreCase)
                || !Sha256Digest.TryParseHex(value.AsSpan(V2Urn.Length), out var hash))
                throw Bad("xt", "1220 and 64 hexadecimal digits after urn:btmh:");
            if (v2 is { } before && before != hash)
                throw Bad("xt", "one v2 info hash");
            v2 = hash;
        }
    }

    // RFC 4648 base32 of exactly 20 bytes.
    private static bool TryParseBase32(ReadOnlySpan<char> text, out InfoHash hash)
    {
        hash = default;
        if (text.Length != 32)
            return false;
        Span<byte> bytes = stackalloc byte[InfoHash.Size];
        var (bits, held, at) = (0u, 0, 0);
        foreach (var character in text)
        {
            var digit = char.ToUpperInvariant(character) switch
            {
                >= 'A' and <= 'Z' and var letter => letter - 'A',
                >= '2' and <= '7' and var number => number - '2' + 26,
                _ => -1,
            };
            if (digit < 0)
                return false;
            bits = (bits << 5 | (uint)digit) & 0xFFF;
            held += 5;
            if (held >= 8)
            {
                held -= 8;
                bytes[at++] = (byte)(bits >> held & 0xFF);
            }
        }
        hash = new InfoHash(bytes);
        return true;
    }

    private static DnsEndPoint ReadPeer(string value)
    {
        var colon = value.LastIndexOf(':');
        if (colon > 0 && int.TryParse(value.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is > 0 and <= 65535)
        {
            var host = value[..colon];
            if (host is ['[', .., ']'])
            {
                if (IPAddress.TryParse(host, out var address))
                    return new DnsEndPoint(address.ToString(), port);
            }
            else if (host.Length <= 253 && Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4)
                return new DnsEndPoint(host, port);
        }
        throw Bad("x.pe", "host:port, an IPv6 address in brackets");
    }

    private static void TakeUrl(List<string> urls, string value, string field)
    {
        if (value.Length is 0 or > Metainfo.MaxUrlBytes)
            throw Bad(field, $"a URL of at most {Metainfo.MaxUrlBytes} characters");
        if (urls.Count < MaxEntries)
            urls.Add(value);
    }

    private static string Unescape(string value)
    {
        var text = Uri.UnescapeDataString(value);
        return text.Any(char.IsControl) ? throw Bad("link", "no control characters") : text;
    }

    private static ContentException Bad(string field, string expected) => new($"magnet: {field}: expected {expected}");
}
