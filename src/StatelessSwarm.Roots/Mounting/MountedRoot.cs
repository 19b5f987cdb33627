using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Roots.Mounting;

/// <summary>A mounted root.</summary>
/// <param name="Digest">Which release.</param>
/// <param name="ImageDirectory">Read-only image.</param>
/// <param name="RootDirectory">Overlay: image below, tmpfs above.</param>
public sealed record MountedRoot(Sha256Digest Digest, string ImageDirectory, string RootDirectory);
