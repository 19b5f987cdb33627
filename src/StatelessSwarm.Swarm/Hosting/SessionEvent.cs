using System.Net;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Swarm.Connections;

namespace StatelessSwarm.Swarm.Hosting;

/// <summary>One event for a torrent's owner; fields a kind does not use are default.</summary>
internal readonly record struct SessionEvent(
    SessionEventKind Kind,
    IPeerConnection? Connection = null,
    PeerMessage Message = default,
    ReceivedBlock? Block = null,
    BlockRange Range = default,
    IPEndPoint? EndPoint = null,
    PeerSource Source = PeerSource.Manual,
    bool IsRight = false,
    Exception? Fault = null,
    Sha256Digest[]? Leaves = null,
    bool IsNear = false
);
