namespace StatelessSwarm.Seed.Tracking;

/// <summary>What the tracker answers to an announce.</summary>
/// <param name="Complete">Complete peers in the swarm, the seed's own included.</param>
/// <param name="Incomplete">Other peers in the swarm.</param>
/// <param name="Peers">Peers to try; members of the client's site first.</param>
internal sealed record AnnounceReply(int Complete, int Incomplete, IReadOnlyList<TrackedPeer> Peers);
