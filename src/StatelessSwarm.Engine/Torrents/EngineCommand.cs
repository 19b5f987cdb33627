using System.Net;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Torrents;

/// <summary>One command. Fields a kind does not use are default. Commands are to be carried out in order.</summary>
public readonly record struct EngineCommand(
    EngineCommandKind Kind,
    PeerHandle Peer = default,
    PeerMessage Message = default,
    BlockRange Block = default,
    long Token = 0,
    PeerFault Fault = PeerFault.None,
    IPEndPoint? EndPoint = null,
    bool IsNear = false
);
