using System.Globalization;
using System.Net;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Seed.Tracking;

/// <summary>
/// Reads the query string of <c>/announce</c> (BEP 3) and <c>/scrape</c> (BEP 48) from its raw form. Info hash and peer id
/// are 20 arbitrary bytes, percent-encoded or plain, so a text decoder would spoil them; '+' stands for itself.
/// At most <see cref="MaxLength"/> characters and <see cref="MaxParameters"/> parameters.
/// Parameters that do not matter here (uploaded, downloaded, key, trackerid, ip, ipv4, ipv6, ...) are passed over: a peer's
/// address is the one its connection comes from. Of our own are <c>site</c> (32 hexadecimal digits or nothing) and <c>inside</c> (an
/// address of private scope, told to members of the peer's site only); a value that makes no sense is no value.
/// </summary>
internal static class TrackerQuery
{
    /// <summary>Longest query read: 8 KiB, the longest request line the server accepts.</summary>
    public const int MaxLength = 8192;

    /// <summary>Most parameters read.</summary>
    public const int MaxParameters = 128;

    /// <summary>Reads an announce.</summary>
    /// <param name="query">Raw query with or without its '?'.</param>
    /// <param name="request">The announce, when there is no failure.</param>
    /// <returns>Null, or what is wrong in one line.</returns>
    public static string? TryReadAnnounce(ReadOnlySpan<char> query, out AnnounceRequest? request)
    {
        request = null;
        if (Bound(ref query) is { } unbounded)
            return unbounded;

        InfoHash? infoHash = null;
        PeerId? peerId = null;
        int? port = null;
        int? wanted = null;
        var left = long.MaxValue;
        var announceEvent = AnnounceEvent.None;
        var isCompact = true;
        var omitPeerIds = false;
        var wantsMembers = false;
        SiteId? site = null;
        IPAddress? inside = null;
        Span<byte> twenty = stackalloc byte[InfoHash.Size];

        foreach (var range in query.Split('&'))
        {
            var (name, value) = Cut(query[range]);
            switch (name)
            {
                case "info_hash":
                    if (infoHash is not null)
                        return "info_hash: expected once";
                    if (!TryDecode(value, twenty))
                        return "info_hash: expected 20 bytes, percent-encoded";
                    infoHash = new InfoHash(twenty);
                    break;
                case "peer_id":
                    if (!TryDecode(value, twenty))
                        return "peer_id: expected 20 bytes, percent-encoded";
                    peerId = new PeerId(twenty);
                    break;
                case "port":
                    if (!TryReadNumber(value, out var number) || number is < 1 or > 65535)
                        return "port: expected 1 to 65535";
                    port = (int)number;
                    break;
                case "left":
                    if (!TryReadNumber(value, out left))
                        return "left: expected a byte count";
                    break;
                case "numwant":
                    // libtorrent and others send -1 for "as many as you like"
                    if (value is "-1" or "")
                        break;
                    if (!TryReadNumber(value, out number))
                        return "numwant: expected a count";
                    wanted = (int)Math.Min(number, int.MaxValue);
                    break;
                case "event":
                    announceEvent = value switch
                    {
                        "started" => AnnounceEvent.Started,
                        "completed" => AnnounceEvent.Completed,
                        "stopped" => AnnounceEvent.Stopped,
                        _ => AnnounceEvent.None,
                    };
                    break;
                case "compact":
                    isCompact = value is not "0";
                    break;
                case "no_peer_id":
                    omitPeerIds = value is "1";
                    break;
                case "site":
                    wantsMembers = true;
                    site = SiteId.TryParse(value, out var id) ? id : null;
                    break;
                case "inside":
                    inside = InsideAddress.TryRead(value);
                    break;
                default:
                    break;
            }
        }

        if (infoHash is null)
            return "info_hash: missing";
        if (peerId is null)
            return "peer_id: missing";
        if (port is null)
            return "port: missing";
        request = new AnnounceRequest
        {
            InfoHash = infoHash.Value,
            PeerId = peerId.Value,
            Port = port.Value,
            IsComplete = left == 0,
            Event = announceEvent,
            PeersWanted = wanted,
            IsCompact = isCompact,
            OmitPeerIds = omitPeerIds,
            WantsMembers = wantsMembers,
            Site = site,
            Inside = inside,
        };
        return null;
    }

    /// <summary>Reads a scrape; no info hash at all asks for every swarm.</summary>
    /// <param name="query">Raw query with or without its '?'.</param>
    /// <param name="maxHashes">Most info hashes taken.</param>
    /// <param name="hashes">The distinct info hashes.</param>
    /// <returns>Null, or what is wrong in one line.</returns>
    public static string? TryReadScrape(ReadOnlySpan<char> query, int maxHashes, out IReadOnlyList<InfoHash> hashes)
    {
        hashes = [];
        if (Bound(ref query) is { } unbounded)
            return unbounded;
        var found = new HashSet<InfoHash>();
        Span<byte> twenty = stackalloc byte[InfoHash.Size];
        foreach (var range in query.Split('&'))
        {
            var (name, value) = Cut(query[range]);
            if (name is not "info_hash")
                continue;
            if (!TryDecode(value, twenty))
                return "info_hash: expected 20 bytes, percent-encoded";
            if (found.Add(new InfoHash(twenty)) && found.Count > maxHashes)
                return string.Create(CultureInfo.InvariantCulture, $"info_hash: expected at most {maxHashes}");
        }
        hashes = [.. found];
        return null;
    }

    private static string? Bound(ref ReadOnlySpan<char> query)
    {
        if (query.StartsWith('?'))
            query = query[1..];
        if (query.Length > MaxLength)
            return string.Create(CultureInfo.InvariantCulture, $"query: expected at most {MaxLength} characters");
        if (query.Count('&') >= MaxParameters)
            return string.Create(CultureInfo.InvariantCulture, $"query: expected at most {MaxParameters} parameters");
        return null;
    }

    private static Parameter Cut(ReadOnlySpan<char> parameter)
    {
        var equals = parameter.IndexOf('=');
        return equals < 0 ? new(parameter, []) : new(parameter[..equals], parameter[(equals + 1)..]);
    }

    /// <summary>Fills <paramref name="target"/> exactly; false for another length, a bad escape or a character beyond ASCII.</summary>
    private static bool TryDecode(ReadOnlySpan<char> value, Span<byte> target)
    {
        var written = 0;
        for (var i = 0; i < value.Length; i++)
        {
            if (written == target.Length)
                return false;
            var c = value[i];
            if (c == '%')
            {
                if (i + 2 >= value.Length || !char.IsAsciiHexDigit(value[i + 1]) || !char.IsAsciiHexDigit(value[i + 2]))
                    return false;
                target[written++] = byte.Parse(value.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                i += 2;
            }
            else if (c is > ' ' and < (char)0x7f)
            {
                target[written++] = (byte)c;
            }
            else
            {
                return false;
            }
        }
        return written == target.Length;
    }

    private static bool TryReadNumber(ReadOnlySpan<char> value, out long number) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private readonly ref struct Parameter(ReadOnlySpan<char> name, ReadOnlySpan<char> value)
    {
        private readonly ReadOnlySpan<char> _name = name;
        private readonly ReadOnlySpan<char> _value = value;

        public void Deconstruct(out ReadOnlySpan<char> name, out ReadOnlySpan<char> value)
        {
            name = _name;
            value = _value;
        }
    }
}
