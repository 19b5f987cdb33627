namespace StatelessSwarm.Engine.Peers;

/// <summary>Who told us of a peer.</summary>
public enum PeerSource
{
    /// <summary>Named by the user or the application.</summary>
    Manual,

    /// <summary>A tracker.</summary>
    Tracker,

    /// <summary>Multicast: mDNS or LSD.</summary>
    Neighbour,

    /// <summary>Another peer (BEP 11).</summary>
    Exchange,

    /// <summary>It connected to us.</summary>
    Incoming,
}
