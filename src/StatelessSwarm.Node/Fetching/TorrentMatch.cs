using StatelessSwarm.Content;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Torrents;

namespace StatelessSwarm.Node.Fetching;

/// <summary>Ties an unsigned metainfo to a signed manifest: after this, the torrent's hashes may be believed.</summary>
internal static class TorrentMatch
{
    /// <summary>Parses the metainfo and checks it.</summary>
    /// <exception cref="ContentException">It is another torrent than the manifest's.</exception>
    public static Metainfo Parse(ReadOnlyMemory<byte> torrent, ReleaseManifest manifest)
    {
        var metainfo = Metainfo.Parse(torrent);
        var info = metainfo.Info;
        if (info.V2Hash != manifest.TorrentHash)
            throw new ContentException($"release.torrent: info hash {info.V2Hash}, expected {manifest.TorrentHash}");
        if (metainfo.Layers is null)
            throw new ContentException("release.torrent: expected piece layers");
        if (info.Files.Count != manifest.Files.Count)
            throw new ContentException($"release.torrent: {info.Files.Count} files, expected {manifest.Files.Count}");
        foreach (var file in info.Files)
        {
            var expected = manifest.Files.FirstOrDefault(candidate => candidate.Name == file.Path);
            if (expected is null || expected.Length != file.Length || expected.PiecesRoot != file.PiecesRoot)
                throw new ContentException($"release.torrent: a file is not the manifest's: name, length or root differ");
        }
        return metainfo;
    }
}
