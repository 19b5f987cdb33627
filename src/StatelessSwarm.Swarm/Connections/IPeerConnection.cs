using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Swarm.Connections;

/// <summary>
/// What a torrent's owner sees of a peer, whatever carries it: TCP, or HTTP to a web seed. The calls never wait; disposing ends the
/// loops and waits for them.
/// </summary>
internal interface IPeerConnection : IAsyncDisposable
{
    /// <summary>Name of the connection.</summary>
    PeerHandle Handle { get; }

    /// <summary>Who is there.</summary>
    ConnectedPeer Peer { get; }

    /// <summary>Why the connection ended, in one line; null while it lives.</summary>
    string? StopReason { get; }

    /// <summary>Starts the loops; the task ends, without fault, when all of them have ended.</summary>
    Task RunAsync(IPeerEvents events);

    /// <summary>Queues a message.</summary>
    void Send(in PeerMessage message);

    /// <summary>Queues a block.</summary>
    void SendBlock(BlockRange block);

    /// <summary>Ends the connection; the first reason is kept.</summary>
    void Stop(string reason);
}
