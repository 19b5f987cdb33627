using System.Buffers.Text;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace StatelessSwarm.Discovery.LocalDiscovery;

/// <summary>
/// An announcement of local service discovery (BEP 14): one datagram of ASCII lines, each ended by CR LF.
/// <code>
/// BT-SEARCH * HTTP/1.1
/// Host: 239.192.152.143:6771            the group it is sent to; not looked at
/// Port: 6881                            TCP port of the sender
/// Infohash: 0123...cdef                 40 hexadecimal digits; once or more
/// cookie: 1a2b3c4d                      of the sender's choosing, so that it knows its own messages; optional
/// (empty)
/// (empty)
/// </code>
/// What we write holds one hash and has at most 142 bytes, because aria2 reads 200. What we read has at most 1,400
/// bytes, 64 lines and 20 hashes; names of headers are of either case, and unknown ones are passed over.
/// </summary>
internal sealed record LocalMessage(int Port, IReadOnlyList<SwarmHash> Swarms, string? Cookie)
{
    /// <summary>Longest datagram read.</summary>
    public const int MaxLength = 1400;

    /// <summary>Hashes in one datagram at most.</summary>
    public const int MaxSwarms = 20;

    /// <summary>UDP port of the groups.</summary>
    public const int GroupPort = 6771;

    /// <summary>The IPv4 group.</summary>
    public const string GroupV4 = "239.192.152.143";

    /// <summary>The IPv6 group.</summary>
    public const string GroupV6 = "ff15::efc0:988f";

    private const int MaxLines = 64;
    private const int MaxCookieLength = 64;

    private static ReadOnlySpan<byte> NewLine => "\r\n"u8;

    /// <summary>The datagram for one swarm.</summary>
    public static byte[] Write(AddressFamily family, int port, SwarmHash swarm, string cookie)
    {
        var host = family == AddressFamily.InterNetwork ? GroupV4 : $"[{GroupV6}]";
        return Encoding.ASCII.GetBytes(
            string.Create(
                CultureInfo.InvariantCulture,
                $"BT-SEARCH * HTTP/1.1\r\nHost: {host}:{GroupPort}\r\nPort: {port}\r\nInfohash: {swarm}\r\ncookie: {cookie}\r\n\r\n\r\n"
            )
        );
    }

    /// <summary>Reads a datagram; null and the fault when it is none of ours.</summary>
    public static LocalMessageFault Read(ReadOnlySpan<byte> datagram, out LocalMessage? message)
    {
        message = null;
        if (datagram.Length > MaxLength)
            return LocalMessageFault.TooLong;
        if (!TryTakeLine(ref datagram, out var line))
            return LocalMessageFault.Truncated;
        if (!IsRequestLine(line))
            return LocalMessageFault.WrongMethod;
        var port = 0;
        string? cookie = null;
        var swarms = new List<SwarmHash>(1);
        for (var i = 0; ; i++)
        {
            if (!TryTakeLine(ref datagram, out line))
                return LocalMessageFault.Truncated;
            if (line.IsEmpty)
                break;
            var colon = line.IndexOf((byte)':');
            if (colon <= 0 || i >= MaxLines)
                return LocalMessageFault.BadHeader;
            var name = line[..colon];
            var value = line[(colon + 1)..].Trim(" \t"u8);
            if (Ascii.EqualsIgnoreCase(name, "Port"u8))
            {
                if (!Utf8Parser.TryParse(value, out ushort number, out var used) || used != value.Length)
                    return LocalMessageFault.BadPort;
                port = number;
            }
            else if (Ascii.EqualsIgnoreCase(name, "Infohash"u8))
            {
                if (swarms.Count == MaxSwarms || !SwarmHash.TryParse(value, out var swarm))
                    return LocalMessageFault.BadHash;
                swarms.Add(swarm);
            }
            else if (Ascii.EqualsIgnoreCase(name, "cookie"u8) && value.Length <= MaxCookieLength)
            {
                cookie = Encoding.Latin1.GetString(value);
            }
        }
        if (port == 0)
            return LocalMessageFault.BadPort;
        if (swarms.Count == 0)
            return LocalMessageFault.BadHash;
        message = new LocalMessage(port, swarms, cookie);
        return LocalMessageFault.None;
    }

    private static bool IsRequestLine(ReadOnlySpan<byte> line)
    {
        var start = "BT-SEARCH * HTTP/1."u8;
        return line.Length == start.Length + 1
            && Ascii.EqualsIgnoreCase(line[..start.Length], start)
            && char.IsAsciiDigit((char)line[^1]);
    }

    private static bool TryTakeLine(ref ReadOnlySpan<byte> text, out ReadOnlySpan<byte> line)
    {
        var end = text.IndexOf(NewLine);
        line = end < 0 ? default : text[..end];
        text = end < 0 ? default : text[(end + NewLine.Length)..];
        return end >= 0;
    }
}
