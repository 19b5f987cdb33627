using System.Text;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Trust.Repositories;

/// <summary>
/// The SHA256SUMS of a release, in the form of <c>sha256sum</c>: digest, two spaces, path, LF; ascending by path. Tells
/// rot in the parts that no signature covers (trackers and web seeds of the torrent); believed by nobody.
/// </summary>
internal static class Checksums
{
    /// <summary>Larger than any: seven lines of at most 64 + 2 + 130 + 256 + 1 bytes.</summary>
    public const int MaxBytes = 4096;

    public static byte[] Format(ReleaseManifest manifest, Sha256Digest manifestEnvelope, Sha256Digest torrent, Sha256Digest mapTorrent)
    {
        var lines = manifest
            .Files.Select(file => (Path: $"{manifest.TorrentName}/{file.Name}", file.Sha256))
            .Append((Path: RepositoryLayout.ManifestName, manifestEnvelope))
            .Append((Path: RepositoryLayout.TorrentName, torrent))
            .Append((Path: ReleaseChunkMap.FileName, manifest.ChunkMap.Sha256))
            .Append((Path: RepositoryLayout.ChunkMapTorrentName, mapTorrent))
            .OrderBy(line => line.Path, StringComparer.Ordinal);
        var text = new StringBuilder();
        foreach (var (path, digest) in lines)
            text.Append(digest).Append("  ").Append(path).Append('\n');
        return Encoding.ASCII.GetBytes(text.ToString());
    }
}
