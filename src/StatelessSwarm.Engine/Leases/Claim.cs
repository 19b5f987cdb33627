using StatelessSwarm.Engine.Peers;

namespace StatelessSwarm.Engine.Leases;

/// <summary>A neighbour's claim on a piece.</summary>
/// <param name="Holder">Who fetches it.</param>
/// <param name="Received">Blocks it says it has.</param>
/// <param name="Since">When we first heard of it.</param>
internal readonly record struct Claim(PeerState Holder, int Received, long Since);
