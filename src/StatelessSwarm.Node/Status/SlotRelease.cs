using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Node.Status;

/// <summary>A release in a slot.</summary>
/// <param name="Digest">Which release.</param>
/// <param name="Version">Its version; empty when its manifest cannot be read.</param>
/// <param name="Build">Its build number; 0 when its manifest cannot be read.</param>
public sealed record SlotRelease(Sha256Digest Digest, string Version, long Build);
