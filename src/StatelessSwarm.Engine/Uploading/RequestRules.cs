using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Uploading;

/// <summary>
/// What a request must look like. Peers connected as v1 see pieces with their pad bytes (BEP 47) and may ask for those; v2 peers
/// may ask up to the file's end (BEP 52).
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
        var length = peer.Connection.IsV2 ? map.ContentLength(request.Piece) : map.WireLength(request.Piece);
        if (request.Length <= 0 || request.Length > MaxLength || request.Begin < 0 || request.Begin > length - request.Length)
            return PeerFault.BlockOutOfRange;
        return peer.RefusedRequests > MaxRefusedPerSecond ? PeerFault.Flood : PeerFault.None;
    }
}
