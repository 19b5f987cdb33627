using StatelessSwarm.Roots.Releases;

namespace StatelessSwarm.Node.Updating;

/// <summary>What a clean-up deleted, or would delete.</summary>
/// <param name="Releases">The releases.</param>
public sealed record CollectResult(IReadOnlyList<CollectableRelease> Releases)
{
    /// <summary>Bytes freed, or that would be.</summary>
    public long Bytes => Releases.Sum(release => release.Bytes);
}
