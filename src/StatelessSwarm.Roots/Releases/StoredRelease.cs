using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Roots.Storage;

namespace StatelessSwarm.Roots.Releases;

/// <summary>A release on this machine.</summary>
/// <param name="Digest">Release digest.</param>
/// <param name="Directory">Absolute directory that holds it.</param>
/// <param name="Manifest">Its manifest.</param>
public sealed record StoredRelease(Sha256Digest Digest, string Directory, ReleaseManifest Manifest)
{
    /// <summary>Not complete yet: its files may be written. False for what lies in <c>releases/</c>, which nobody may touch.</summary>
    public bool IsStaged =>
        string.Equals(Path.GetFileName(Path.GetDirectoryName(Directory)), StateLayout.StagingName, StringComparison.Ordinal);

    /// <summary>Absolute path of the image.</summary>
    public string RootPath => PathOf(Manifest.Root);

    /// <summary>Absolute path of the metainfo.</summary>
    public string TorrentPath => Path.Combine(Directory, "release.torrent");

    /// <summary>Absolute path of the signed manifest.</summary>
    public string ManifestPath => Path.Combine(Directory, "manifest.mp");

    /// <summary>Absolute path of the image's chunk map; there when the release was compared with an older one, or indexed since.</summary>
    public string ChunkMapPath => Path.Combine(Directory, ReleaseChunkMap.FileName);

    /// <summary>Absolute path of the chunk map's metainfo; there when the map is.</summary>
    public string ChunkMapTorrentPath => ChunkMapPath + ".torrent";

    /// <summary>Absolute path of the chunk map's resume journal (staging only).</summary>
    public string ChunkMapJournalPath => ChunkMapPath + ".resume";

    /// <summary>Absolute path of the image's dm-verity hash tree, without superblock; made when the release was committed.</summary>
    public string VerityTreePath => Path.Combine(Directory, "root.verity");

    /// <summary>Absolute path of the resume journal (staging only).</summary>
    public string JournalPath => Path.Combine(Directory, "resume");

    /// <summary>Absolute path of a payload file.</summary>
    public string PathOf(ReleaseFile file) => Path.Combine(Directory, file.Name);
}
