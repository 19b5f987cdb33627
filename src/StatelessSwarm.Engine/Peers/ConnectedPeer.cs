using System.Net;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Peers;

/// <summary>A peer that has shaken hands.</summary>
/// <param name="EndPoint">Remote end of the connection.</param>
/// <param name="Reach">Near or far.</param>
/// <param name="Source">Who told us.</param>
/// <param name="IsOutgoing">We connected to it.</param>
/// <param name="Handshake">What it said.</param>
/// <param name="IsV2">Both sides agreed on BitTorrent v2 (hash messages 21-23 are allowed, blocks end at file ends).</param>
/// <param name="LocalAddress">Our end of the connection; null for unknown.</param>
public sealed record ConnectedPeer(
    IPEndPoint EndPoint,
    PeerReach Reach,
    PeerSource Source,
    bool IsOutgoing,
    Handshake Handshake,
    bool IsV2,
    IPAddress? LocalAddress = null
);
