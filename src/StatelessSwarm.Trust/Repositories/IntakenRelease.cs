using StatelessSwarm.Content.Manifests;

namespace StatelessSwarm.Trust.Repositories;

/// <summary>What a <see cref="ReleaseIntake"/> found while it copied the files.</summary>
/// <param name="Manifest">The release.</param>
/// <param name="Torrent">Metainfo of the files.</param>
/// <param name="ChunkMap">Chunk map of the image.</param>
/// <param name="ChunkMapTorrent">Metainfo of the chunk map.</param>
internal sealed record IntakenRelease(ReleaseManifest Manifest, byte[] Torrent, byte[] ChunkMap, byte[] ChunkMapTorrent);
