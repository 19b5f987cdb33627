using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Manifests;

/// <summary>
/// The chunk map of a release's image: by it a node finds what it holds already. It travels as a torrent of its own, a single v2 file, so
/// that only nodes that have something to compare fetch it.
/// </summary>
/// <param name="Length">Bytes of the map, 1 to <see cref="Chunks.ChunkMap.MaxBytes"/>.</param>
/// <param name="Sha256">SHA-256 of the map.</param>
/// <param name="TorrentHash">Full v2 info hash of its torrent.</param>
public sealed record ReleaseChunkMap(long Length, Sha256Digest Sha256, Sha256Digest TorrentHash)
{
    /// <summary>Its file name: in the torrent, in a repository and on a node.</summary>
    public const string FileName = "root.chunks";
}
