using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Roots.Releases;

/// <summary>A release, or a part of one, that nothing needs.</summary>
/// <param name="Digest">Release digest.</param>
/// <param name="IsStaged">It was never complete.</param>
/// <param name="Bytes">Bytes on disk.</param>
public sealed record CollectableRelease(Sha256Digest Digest, bool IsStaged, long Bytes);
