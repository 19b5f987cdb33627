using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Trust.Repositories;

/// <summary>What pruning deletes, and what it leaves for which reason.</summary>
/// <param name="Deleted">Releases to delete, by product and build.</param>
/// <param name="Kept">The others, with why they stay: <c>channel NAME</c>, <c>pinned</c>, <c>one of the newest N</c>.</param>
public sealed record PrunePlan(
    IReadOnlyList<(Sha256Digest Digest, ReleaseManifest Manifest)> Deleted,
    IReadOnlyList<(Sha256Digest Digest, ReleaseManifest Manifest, string Reason)> Kept
)
{
    /// <summary>Bytes of the deleted releases' files.</summary>
    public long Bytes => Deleted.Sum(release => release.Manifest.TotalBytes + release.Manifest.ChunkMap.Length);
}
