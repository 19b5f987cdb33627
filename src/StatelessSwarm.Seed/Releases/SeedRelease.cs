using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Seed.Releases;

/// <summary>A release of the repository, ready to be seeded.</summary>
/// <param name="Digest">Its name.</param>
/// <param name="Manifest">What it is.</param>
/// <param name="Metainfo">Its torrent.</param>
/// <param name="FilePaths">Path of each file of the torrent, in the torrent's order.</param>
internal sealed record SeedRelease(
    Sha256Digest Digest,
    ReleaseManifest Manifest,
    Metainfo Metainfo,
    IReadOnlyList<string> FilePaths
)
{
    /// <summary>The chunk map of its image.</summary>
    public required SeedChunkMap ChunkMap { get; init; }

    /// <summary>The name of the chunk map's swarm on the wire.</summary>
    public InfoHash ChunkMapName => InfoHash.Truncate(Manifest.ChunkMap.TorrentHash);

    /// <summary>The names of its swarm on the wire: truncated v2 info hash, then the v1 one of a hybrid torrent.</summary>
    public IReadOnlyList<InfoHash> SwarmNames
    {
        get
        {
            var v2 = InfoHash.Truncate(Manifest.TorrentHash);
            return Metainfo.Info.V1Hash is { } v1 ? [v2, v1] : [v2];
        }
    }
}
