using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;

namespace StatelessSwarm.Engine.Downloading;

/// <summary>A spoilt piece that several peers contributed to.</summary>
/// <param name="Givers">Who sent each block.</param>
/// <param name="Leaves">What each block hashed to.</param>
internal sealed record Suspicion(PeerState[] Givers, Sha256Digest[] Leaves);
