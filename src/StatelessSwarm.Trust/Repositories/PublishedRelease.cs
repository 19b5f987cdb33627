using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Trust.Repositories;

/// <summary>What came of a publish.</summary>
public sealed record PublishedRelease(Sha256Digest Digest, ReleaseManifest Manifest);
