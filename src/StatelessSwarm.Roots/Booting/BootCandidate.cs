using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Roots.Booting;

/// <summary>A release that may be booted.</summary>
/// <param name="Release">Which one.</param>
/// <param name="Place">Where it stands.</param>
/// <param name="IsBad">It had its tries; it is offered only because nothing else is left.</param>
public sealed record BootCandidate(Sha256Digest Release, BootPlace Place, bool IsBad);
