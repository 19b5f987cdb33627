using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Swarm.Connections;

namespace StatelessSwarm.Swarm.Magnets;

/// <summary>One event for a magnet session's owner; fields a kind does not use are default.</summary>
internal readonly record struct MagnetEvent(
    MagnetEventKind Kind,
    MagnetPeer? Peer = null,
    IPeerConnection? Connection = null,
    PeerMessage Message = default,
    System.Net.IPEndPoint? EndPoint = null
);
