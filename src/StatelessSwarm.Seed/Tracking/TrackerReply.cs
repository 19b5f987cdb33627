using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Seed.Tracking;

/// <summary>
/// Bencoded tracker answers; dictionary keys ascend by bytes, as BEP 3 demands.
/// <code>
/// announce  complete, incomplete, interval, min interval, peers, peers6       BEP 3
///           peers:  6 bytes each, v4 address and port, big endian             BEP 23
///           peers6: 18 bytes each, v6 address and port, big endian            BEP 7
///           near, near6: the same for members of the client's site, who are then not in the other two; only for clients that
///           say <c>site</c>
///           peers, compact=0: list of {ip, [peer id], port} of both families  BEP 3
/// scrape    files: {info hash: {complete, downloaded, incomplete}}            BEP 48
/// failure   failure reason                                                    BEP 3
/// </code>
/// </summary>
internal static class TrackerReply
{
    /// <summary>The answer to an announce.</summary>
    public static byte[] Announce(AnnounceReply reply, AnnounceRequest request, TrackerOptions options)
    {
        var output = new ArrayBufferWriter<byte>(512);
        output.Write("d8:complete"u8);
        Integer(output, reply.Complete);
        output.Write("10:incomplete"u8);
        Integer(output, reply.Incomplete);
        output.Write("8:interval"u8);
        Integer(output, (long)options.Interval.TotalSeconds);
        output.Write("12:min interval"u8);
        Integer(output, (long)options.MinInterval.TotalSeconds);
        var isApart = request is { WantsMembers: true, IsCompact: true };
        var peers = isApart ? [.. reply.Peers.Where(peer => !peer.IsNear)] : reply.Peers;
        if (isApart)
        {
            TrackedPeer[] members = [.. reply.Peers.Where(peer => peer.IsNear)];
            output.Write("4:near"u8);
            Compact(output, members, AddressFamily.InterNetwork);
            output.Write("5:near6"u8);
            Compact(output, members, AddressFamily.InterNetworkV6);
        }
        output.Write("5:peers"u8);
        if (request.IsCompact)
        {
            Compact(output, peers, AddressFamily.InterNetwork);
            output.Write("6:peers6"u8);
            Compact(output, peers, AddressFamily.InterNetworkV6);
        }
        else
        {
            Dictionaries(output, reply.Peers, request.OmitPeerIds);
        }
        output.Write("e"u8);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>The answer to a scrape.</summary>
    public static byte[] Scrape(IReadOnlyList<SwarmCounts> swarms)
    {
        var output = new ArrayBufferWriter<byte>(256);
        output.Write("d5:filesd"u8);
        foreach (var swarm in swarms.OrderBy(swarm => swarm.InfoHash.ToString(), StringComparer.Ordinal))
        {
            Bytes(output, swarm.InfoHash.AsSpan());
            output.Write("d8:complete"u8);
            Integer(output, swarm.Complete);
            output.Write("10:downloaded"u8);
            Integer(output, swarm.Downloaded);
            output.Write("10:incomplete"u8);
            Integer(output, swarm.Incomplete);
            output.Write("e"u8);
        }
        output.Write("ee"u8);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>A refusal; <paramref name="reason"/> is for people.</summary>
    public static byte[] Failure(string reason)
    {
        var output = new ArrayBufferWriter<byte>(128);
        output.Write("d14:failure reason"u8);
        Bytes(output, Encoding.UTF8.GetBytes(reason));
        output.Write("e"u8);
        return output.WrittenSpan.ToArray();
    }

    private static void Compact(ArrayBufferWriter<byte> output, IReadOnlyList<TrackedPeer> peers, AddressFamily family)
    {
        var addressLength = family == AddressFamily.InterNetwork ? 4 : 16;
        var count = peers.Count(peer => peer.EndPoint.AddressFamily == family);
        Length(output, count * (addressLength + 2));
        foreach (var peer in peers)
        {
            if (peer.EndPoint.AddressFamily != family)
                continue;
            var entry = output.GetSpan(addressLength + 2);
            if (!peer.EndPoint.Address.TryWriteBytes(entry, out var written) || written != addressLength)
                throw new InvalidOperationException("An address has another length than its family's.");
            BinaryPrimitives.WriteUInt16BigEndian(entry[addressLength..], (ushort)peer.EndPoint.Port);
            output.Advance(addressLength + 2);
        }
    }

    private static void Dictionaries(ArrayBufferWriter<byte> output, IReadOnlyList<TrackedPeer> peers, bool omitPeerIds)
    {
        Span<byte> id = stackalloc byte[PeerId.Size];
        output.Write("l"u8);
        foreach (var peer in peers)
        {
            output.Write("d2:ip"u8);
            Bytes(output, Encoding.ASCII.GetBytes(peer.EndPoint.Address.ToString()));
            if (peer.PeerId is { } peerId && !omitPeerIds)
            {
                output.Write("7:peer id"u8);
                peerId.CopyTo(id);
                Bytes(output, id);
            }
            output.Write("4:port"u8);
            Integer(output, peer.EndPoint.Port);
            output.Write("e"u8);
        }
        output.Write("e"u8);
    }

    private static void Bytes(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> bytes)
    {
        Length(output, bytes.Length);
        output.Write(bytes);
    }

    private static void Length(ArrayBufferWriter<byte> output, int length)
    {
        Digits(output, length);
        output.Write(":"u8);
    }

    private static void Integer(ArrayBufferWriter<byte> output, long value)
    {
        output.Write("i"u8);
        Digits(output, value);
        output.Write("e"u8);
    }

    private static void Digits(ArrayBufferWriter<byte> output, long value)
    {
        var span = output.GetSpan(20);
        if (!value.TryFormat(span, out var written, provider: CultureInfo.InvariantCulture))
            throw new InvalidOperationException("A 64-bit integer has at most 20 characters.");
        output.Advance(written);
    }
}
