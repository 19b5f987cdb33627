using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Activation;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Trust.Client;
using StatelessSwarm.Trust.Repositories;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Node.Neighbours;

/// <summary>
/// The small signed files that this node hands on to its neighbours, under the paths of a repository: the root metadata and channel
/// pointer it believes, manifests and metainfo of the releases it holds. Who asks checks them as if the server had given them.
/// Payload is never given here: that is what the swarm is for.
/// </summary>
/// <param name="store">Releases.</param>
internal sealed class MetadataRelay(ReleaseStore store)
{
    private volatile Dictionary<string, byte[]> _metadata = [];

    /// <summary>Takes what is believed now. Called by the owner of <paramref name="trust"/>.</summary>
    public void Publish(TrustedMetadata trust, string product, string channel)
    {
        var metadata = new Dictionary<string, byte[]>(StringComparer.Ordinal) { [RepositoryLayout.RootVersion(trust.RootVersion)] = trust.RootBytes.ToArray() };
        if (product.Length > 0 && trust.HeldChannelBytes(product, channel) is { } pointer)
            metadata[RepositoryLayout.Channel(product, channel)] = pointer.ToArray();
        if (product.Length > 0 && trust.DelegationBytes(product) is { } delegation)
            metadata[RepositoryLayout.Delegation(product)] = delegation.ToArray();
        if (trust.RevocationBytes is { } revoked)
            metadata[RepositoryLayout.Revoked] = revoked.ToArray();
        if (trust.TimeBytes is { } statement)
            metadata[RepositoryLayout.Time] = statement.ToArray();
        _metadata = metadata;
    }

    /// <summary>The file of a path, or null.</summary>
    public byte[]? FileAt(string path)
    {
        if (_metadata.TryGetValue(path, out var file))
            return file;
        if (path.Split('/') is not [RepositoryLayout.Releases, var name, var fileName] || !Sha256Digest.TryParseHex(name, out var digest) || digest.ToString() != name)
            return null;
        if (store.Find(digest) is not { } release)
            return null;
        try
        {
            return fileName switch
            {
                RepositoryLayout.ManifestName => StateFiles.Read(release.ManifestPath, SignedEnvelope.MaxBytes(ReleaseManifest.MaxBytes)),
                RepositoryLayout.TorrentName => StateFiles.Read(release.TorrentPath, Metainfo.MaxBytes),
                RepositoryLayout.ChunkMapTorrentName => StateFiles.Read(release.ChunkMapTorrentPath, Metainfo.MaxBytes),
                _ => null,
            };
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
