namespace StatelessSwarm.Sim.Invariants;

/// <summary>Why a member of a site may ask for a block from beyond the WAN link that another member has asked for, or has.</summary>
internal enum TakeoverKind
{
    /// <summary>The other one has died, was started anew, was frozen or cut off since.</summary>
    Died,

    /// <summary>The two have no connection, or the one that asks has come, or come back, since the other one asked.</summary>
    Unconnected,

    /// <summary>The other one has taken its request back, or the peer it asked has refused it or is gone.</summary>
    Released,

    /// <summary>The same node has taken its request back, or was refused, and asks another peer: nothing changes hands.</summary>
    Moved,

    /// <summary>
    /// To the one that asks, the other one is late, snubbed or choking, or its claim is stuck or void, or the piece has long been coming from a
    /// neighbour and does not.
    /// </summary>
    Slow,

    /// <summary>The other one's word (claim, HAVE) was still on its way.</summary>
    Crossed,

    /// <summary>The piece held wrong data.</summary>
    Wrong,

    /// <summary>The same node asks again: the first peer has not delivered for seconds.</summary>
    Again,
}
