using StatelessSwarm.Content;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Torrents;

namespace StatelessSwarm.Trust.Repositories;

/// <summary>Ties the unsigned metainfo of a chunk map to a signed manifest: after this, its hashes may be believed.</summary>
public static class ChunkMapTorrent
{
    /// <summary>The metainfo of a map: v2 alone, because nobody but our nodes asks for it. Equal maps of one authority give equal torrents.</summary>
    /// <param name="map">Encoded.</param>
    /// <param name="authority">As the release's torrent has it (<see cref="TorrentInfo.Authority"/>); null for an open one.</param>
    /// <param name="cancellation">Ends it.</param>
    public static Task<byte[]> BuildAsync(byte[] map, string? authority, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(map);
        return TorrentBuilder.BuildAsync(
            new TorrentBuildOptions { Name = ReleaseChunkMap.FileName, Kind = TorrentKind.V2, Authority = authority },
            [new TorrentBuildFile(ReleaseChunkMap.FileName, new MemoryStream(map), map.Length)],
            progress: null,
            cancellation
        );
    }

    /// <summary>Parses the metainfo and checks it.</summary>
    /// <exception cref="ContentException">It is another torrent than the manifest's.</exception>
    public static Metainfo Parse(ReadOnlyMemory<byte> torrent, ReleaseManifest manifest)
    {
        const string Name = RepositoryLayout.ChunkMapTorrentName;
        var metainfo = Metainfo.Parse(torrent);
        var info = metainfo.Info;
        if (info.V2Hash != manifest.ChunkMap.TorrentHash)
            throw new ContentException($"{Name}: info hash {info.V2Hash}, expected {manifest.ChunkMap.TorrentHash}");
        if (info.Files is not [{ Path: ReleaseChunkMap.FileName } file] || file.Length != manifest.ChunkMap.Length || metainfo.Layers is null)
            throw new ContentException($"{Name}: expected one file, {ReleaseChunkMap.FileName}, of {manifest.ChunkMap.Length} bytes");
        return metainfo;
    }
}
