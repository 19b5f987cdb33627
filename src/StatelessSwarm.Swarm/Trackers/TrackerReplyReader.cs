using System.Net;
using System.Text;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Bencoding;

namespace StatelessSwarm.Swarm.Trackers;

/// <summary>
/// The bencoded reply to an announce: <c>interval</c>, <c>peers</c> (6 bytes each, BEP 23, or a list of dictionaries, BEP 3) and
/// <c>peers6</c> (18 bytes each, BEP 7), <c>near</c> and <c>near6</c> of the same forms (our own: members of our site); or
/// <c>failure reason</c>.
/// </summary>
internal static class TrackerReplyReader
{
    private const int MaxAddressLength = 64;

    /// <summary>Reads a reply.</summary>
    /// <exception cref="ContentException">Not bencoded, or without an interval.</exception>
    /// <exception cref="TrackerException">The tracker refuses and says why.</exception>
    public static TrackerReply Read(ReadOnlyMemory<byte> body)
    {
        var reply = BencodeValue.Parse(body);
        if (reply.TryGetString("failure reason"u8, out var reason))
            throw new TrackerException($"refuses: {TrackerReply.Printable(reason.Span)}");
        if (!reply.TryGetInteger("interval"u8, out var seconds))
            throw new ContentException("tracker reply: no integer 'interval'");
        var peers = new List<IPEndPoint>();
        if (reply.TryGet("peers"u8, out var list))
        {
            if (list.TryGetString(out var compact))
                CompactPeers.AddTo(peers, compact.Span, CompactPeers.V4AddressLength);
            else
                AddDictionaries(peers, list);
        }
        if (reply.TryGetString("peers6"u8, out var compact6))
            CompactPeers.AddTo(peers, compact6.Span, CompactPeers.V6AddressLength);
        var members = new List<IPEndPoint>();
        if (reply.TryGetString("near"u8, out var near))
            CompactPeers.AddTo(members, near.Span, CompactPeers.V4AddressLength);
        if (reply.TryGetString("near6"u8, out var near6))
            CompactPeers.AddTo(members, near6.Span, CompactPeers.V6AddressLength);
        return new TrackerReply(TrackerReply.BoundInterval(seconds), peers) { Members = members };
    }

    private static void AddDictionaries(List<IPEndPoint> peers, BencodeValue list)
    {
        foreach (var peer in list.EnumerateList())
        {
            if (peers.Count >= TrackerReply.MaxPeers)
                return;
            if (
                peer.TryGetString("ip"u8, out var text)
                && text.Length <= MaxAddressLength
                && IPAddress.TryParse(Encoding.ASCII.GetString(text.Span), out var address)
                && peer.TryGetInteger("port"u8, out var port)
                && CompactPeers.IsUsable(address, port)
            )
            {
                peers.Add(new IPEndPoint(address, (int)port));
            }
        }
    }
}
