using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Trust.Repositories;

/// <summary>A release that was deleted: its version and build number are not used again.</summary>
/// <param name="Product">Product.</param>
/// <param name="Version">Version.</param>
/// <param name="Build">Build number.</param>
/// <param name="Digest">Release digest.</param>
public sealed record PrunedRelease(string Product, string Version, long Build, Sha256Digest Digest);
