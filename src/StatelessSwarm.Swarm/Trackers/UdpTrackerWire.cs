using System.Buffers.Binary;
using System.Net;

namespace StatelessSwarm.Swarm.Trackers;

/// <summary>
/// Datagrams of the UDP tracker protocol (BEP 15), big endian; url data by BEP 41. Widths in bytes:
/// <code>
/// connect     protocol 8 = 0x41727101980   action 4 = 0   transaction 4
/// connected   action 4 = 0   transaction 4   connection id 8
/// announce    connection id 8   action 4 = 1   transaction 4   info hash 20   peer id 20   downloaded 8   left 8   uploaded 8
///             event 4   address 4 = 0   key 4   wanted 4   port 2   then options: url data 1 = 2, length 1, bytes; ...
/// announced   action 4 = 1   transaction 4   interval 4   leechers 4   seeders 4   peers: 6 each, over an IPv6 socket 18 each
/// error       action 4 = 3   transaction 4   text
/// </code>
/// An answer may be longer than its layout says; what follows is passed over.
/// </summary>
internal static class UdpTrackerWire
{
    /// <summary>Longest request written: an announce with <see cref="MaxUrlData"/> bytes of url data.</summary>
    public const int MaxRequestLength = AnnounceLength + MaxUrlData + 2 * ((MaxUrlData + MaxOptionData - 1) / MaxOptionData);

    /// <summary>Bytes of path and query sent at most; a longer one is not sent. Keeps a request within any path's
    /// MTU.</summary>
    public const int MaxUrlData = 512;

    /// <summary>Longest answer read; 200 IPv6 peers are 3,620 bytes. The end of a longer one is cut off by the
    /// socket.</summary>
    public const int MaxAnswerLength = 4096;

    private const ulong ProtocolId = 0x41727101980;
    private const int ConnectLength = 16;
    private const int AnnounceLength = 98;
    private const int MaxOptionData = 255;
    private const byte UrlDataOption = 2;
    private const int HeadLength = 8;
    private const int AnnouncedHeadLength = 20;

    /// <summary>Writes a connect request; returns its length.</summary>
    public static int WriteConnect(Span<byte> target, uint transaction)
    {
        BinaryPrimitives.WriteUInt64BigEndian(target, ProtocolId);
        BinaryPrimitives.WriteInt32BigEndian(target[8..], (int)UdpTrackerAnswerKind.Connect);
        BinaryPrimitives.WriteUInt32BigEndian(target[12..], transaction);
        return ConnectLength;
    }

    /// <summary>Writes an announce; returns its length, at most <see cref="MaxRequestLength"/>.</summary>
    /// <param name="target">Room for it.</param>
    /// <param name="connectionId">From the tracker's answer to a connect request.</param>
    /// <param name="transaction">Number of this request.</param>
    /// <param name="request">What to tell.</param>
    /// <param name="urlData">Path and query of the tracker's URL, ASCII.</param>
    public static int WriteAnnounce(
        Span<byte> target,
        ulong connectionId,
        uint transaction,
        AnnounceRequest request,
        ReadOnlySpan<byte> urlData
    )
    {
        BinaryPrimitives.WriteUInt64BigEndian(target, connectionId);
        BinaryPrimitives.WriteInt32BigEndian(target[8..], (int)UdpTrackerAnswerKind.Announce);
        BinaryPrimitives.WriteUInt32BigEndian(target[12..], transaction);
        request.InfoHash.CopyTo(target[16..]);
        request.PeerId.CopyTo(target[36..]);
        BinaryPrimitives.WriteInt64BigEndian(target[56..], request.Downloaded);
        BinaryPrimitives.WriteInt64BigEndian(target[64..], request.Left);
        BinaryPrimitives.WriteInt64BigEndian(target[72..], request.Uploaded);
        BinaryPrimitives.WriteInt32BigEndian(target[80..], NumberOf(request.Event));
        BinaryPrimitives.WriteUInt32BigEndian(target[84..], 0);
        BinaryPrimitives.WriteUInt32BigEndian(target[88..], request.Key);
        BinaryPrimitives.WriteInt32BigEndian(target[92..], AnnounceRequest.WantedPeers);
        BinaryPrimitives.WriteUInt16BigEndian(target[96..], (ushort)request.Port);
        return AnnounceLength + (urlData.Length <= MaxUrlData ? WriteUrlData(target[AnnounceLength..], urlData) : 0);
    }

    /// <summary>Reads an answer; false for one that is too short or of another action.</summary>
    /// <param name="datagram">As it came.</param>
    /// <param name="addressLength">Bytes of a peer's address: those of the family the datagram came by.</param>
    /// <param name="answer">What it says.</param>
    public static bool TryRead(ReadOnlySpan<byte> datagram, int addressLength, out UdpTrackerAnswer answer)
    {
        answer = default;
        if (datagram.Length < HeadLength)
            return false;
        var kind = (UdpTrackerAnswerKind)BinaryPrimitives.ReadInt32BigEndian(datagram);
        var transaction = BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]);
        switch (kind)
        {
            case UdpTrackerAnswerKind.Connect when datagram.Length >= ConnectLength:
                answer = new(kind, transaction, BinaryPrimitives.ReadUInt64BigEndian(datagram[HeadLength..]));
                return true;
            case UdpTrackerAnswerKind.Announce when datagram.Length >= AnnouncedHeadLength:
                var peers = new List<IPEndPoint>();
                CompactPeers.AddTo(peers, datagram[AnnouncedHeadLength..], addressLength);
                var interval = TrackerReply.BoundInterval(BinaryPrimitives.ReadInt32BigEndian(datagram[HeadLength..]));
                answer = new(kind, transaction, Reply: new TrackerReply(interval, peers));
                return true;
            case UdpTrackerAnswerKind.Error:
                answer = new(kind, transaction, Reason: TrackerReply.Printable(datagram[HeadLength..]));
                return true;
            default:
                return false;
        }
    }

    private static int WriteUrlData(Span<byte> target, ReadOnlySpan<byte> urlData)
    {
        var written = 0;
        while (urlData.Length > 0)
        {
            var part = urlData[..Math.Min(urlData.Length, MaxOptionData)];
            target[written] = UrlDataOption;
            target[written + 1] = (byte)part.Length;
            part.CopyTo(target[(written + 2)..]);
            written += part.Length + 2;
            urlData = urlData[part.Length..];
        }
        return written;
    }

    private static int NumberOf(AnnounceEvent kind) =>
        kind switch
        {
            AnnounceEvent.Completed => 1,
            AnnounceEvent.Started => 2,
            AnnounceEvent.Stopped => 3,
            _ => 0,
        };
}
