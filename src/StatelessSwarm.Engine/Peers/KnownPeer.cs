using System.Net;

namespace StatelessSwarm.Engine.Peers;

/// <summary>A peer we have heard of: how to reach it and how that went.</summary>
internal sealed class KnownPeer(IPEndPoint endPoint, PeerSource source, PeerReach reach)
{
    public IPEndPoint EndPoint { get; } = endPoint;

    public PeerSource Source { get; set; } = source;

    public PeerReach Reach { get; set; } = reach;

    public KnownPeerState State { get; set; }

    /// <summary>Failures in a row.</summary>
    public int Failures { get; set; }

    /// <summary>Not to be tried before.</summary>
    public long RetryAt { get; set; }

    /// <summary>When it was last tried.</summary>
    public long TriedAt { get; set; }
}
