using System.Buffers.Binary;
using System.Net;
using System.Text;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Bencoding;

namespace StatelessSwarm.Swarm.Trackers;

/// <summary>
/// The bencoded reply to an announce: <c>interval</c>, <c>peers</c> (6 bytes each, BEP 23, or a list of dictionaries, BEP 3) and
/// <c>peers6</c> (18 bytes each, BEP 7); or <c>failure reason</c>.
/// </summary>
internal static class TrackerReplyReader
{
    /// <summary>Peers taken from one reply at most.</summary>
    public const int MaxPeers = 200;

    private const int MaxReasonLength = 200;
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromHours(1);

    /// <summary>Reads a reply.</summary>
    /// <exception cref="ContentException">Not bencoded, or without an interval.</exception>
    /// <exception cref="TrackerException">The tracker refuses and says why.</exception>
    public static TrackerReply Read(ReadOnlyMemory<byte> body)
    {
        var reply = BencodeValue.Parse(body);
        if (reply.TryGetString("failure reason"u8, out var reason))
            throw new TrackerException($"refuses: {Printable(reason.Span)}");
        if (!reply.TryGetInteger("interval"u8, out var seconds))
            throw new ContentException("tracker reply: no integer 'interval'");
        var peers = new List<IPEndPoint>();
        if (reply.TryGet("peers"u8, out var list))
        {
            if (list.TryGetString(out var compact))
                AddCompact(peers, compact.Span, addressLength: 4);
            else
                AddDictionaries(peers, list);
        }
        if (reply.TryGetString("peers6"u8, out var compact6))
            AddCompact(peers, compact6.Span, addressLength: 16);
        var interval = TimeSpan.FromSeconds(
            Math.Clamp(seconds, (long)ShortestInterval.TotalSeconds, (long)LongestInterval.TotalSeconds)
        );
        return new TrackerReply(interval, peers);
    }

    private static void AddCompact(List<IPEndPoint> peers, ReadOnlySpan<byte> bytes, int addressLength)
    {
        var size = addressLength + 2;
        for (; bytes.Length >= size && peers.Count < MaxPeers; bytes = bytes[size..])
        {
            var port = BinaryPrimitives.ReadUInt16BigEndian(bytes[addressLength..]);
            Add(peers, new IPAddress(bytes[..addressLength]), port);
        }
    }

    private static void AddDictionaries(List<IPEndPoint> peers, BencodeValue list)
    {
        foreach (var peer in list.EnumerateList())
        {
            if (peers.Count >= MaxPeers)
                return;
            if (
                peer.TryGetString("ip"u8, out var text)
                && text.Length <= 64
                && IPAddress.TryParse(Encoding.ASCII.GetString(text.Span), out var address)
                && peer.TryGetInteger("port"u8, out var port)
            )
            {
                Add(peers, address, port);
            }
        }
    }

    private static void Add(List<IPEndPoint> peers, IPAddress address, long port)
    {
        var isUsable =
            port is > 0 and <= 65535
            && !address.Equals(IPAddress.Any)
            && !address.Equals(IPAddress.IPv6Any)
            && !address.IsIPv6Multicast
            && !(address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork && address.GetAddressBytes()[0] >= 224);
        if (isUsable)
            peers.Add(new IPEndPoint(address, (int)port));
    }

    private static string Printable(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        foreach (var item in bytes[..Math.Min(bytes.Length, MaxReasonLength)])
            text.Append(item is >= 0x20 and < 0x7f ? (char)item : '?');
        return text.ToString();
    }
}
