using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Uploading;

/// <summary>
/// What a request must look like. In hybrid torrents pieces have pad bytes (BEP 47), and clients ask for them whether v2 was
/// agreed or not (libtorrent does): the wire length is the bound, pad bytes are served as zeros.
/// </summary>
internal static class RequestRules
{
    /// <summary>Longest block served: 16 KiB is the rule, some clients ask for more.</summary>
    public const int MaxLength = 128 * 1024;

    /// <summary>Requests refused in one second (choked, not ours to give, queue full) before a peer is dropped.</summary>
    public const int MaxRefusedPerSecond = 3000;

    /// <summary>The broken rule, or none.</summary>
    public static PeerFault Check(PieceMap map, PeerState peer, in PeerMessage request)
    {
        if (request.Piece < 0 || request.Piece >= map.PieceCount)
            return PeerFault.PieceIndexOutOfRange;
        var length = map.WireLength(request.Piece);
        if (request.Length <= 0 || request.Length > MaxLength || request.Begin < 0 || request.Begin > length - request.Length)
            return PeerFault.BlockOutOfRange;
        return peer.RefusedRequests > MaxRefusedPerSecond ? PeerFault.Flood : PeerFault.None;
    }
}
