using StatelessSwarm.Engine.Peers;

namespace StatelessSwarm.Engine.Leases;

/// <summary>A neighbour's claim on a piece.</summary>
/// <param name="Holder">Who fetches it.</param>
/// <param name="Received">Blocks it says it has; at least 1 when it has asked for some.</param>
/// <param name="Since">When we first heard of it.</param>
/// <param name="HearsayUntil">0: the holder fetches the piece itself. Otherwise it said that somebody else does, and is believed until then.</param>
internal readonly record struct Claim(PeerState Holder, int Received, long Since, long HearsayUntil = 0)
{
    /// <summary>The holder only told of it.</summary>
    public bool IsHearsay => HearsayUntil != 0;
}
