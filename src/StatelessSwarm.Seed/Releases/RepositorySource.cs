using System.Security.Cryptography;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Seed.Releases;

/// <summary>Reads releases of a repository on disk.</summary>
internal sealed class RepositorySource : IReleaseSource
{
    private readonly Repository _repository;
    private readonly string _directory;
    private readonly bool _verify;

    /// <summary>Reads from <paramref name="repository"/>.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="verify">Hash every file of a release before it is seeded.</param>
    public RepositorySource(Repository repository, bool verify)
    {
        _repository = repository;
        _directory = Path.GetFullPath(repository.Directory);
        _verify = verify;
    }

    /// <inheritdoc/>
    public IReadOnlyList<Sha256Digest> List() => _repository.ListReleases();

    /// <inheritdoc/>
    public IReadOnlyList<ChannelPointer> ListChannels() => _repository.ListChannels();

    /// <inheritdoc/>
    public async Task<SeedRelease> LoadAsync(Sha256Digest digest, CancellationToken cancellation)
    {
        var manifest = _repository.ReadManifest(digest);
        var torrentPath = Path.Combine(_directory, RepositoryLayout.Torrent(digest));
        if (new FileInfo(torrentPath).Length > Metainfo.MaxBytes)
            throw new ContentException($"{torrentPath}: expected at most {Metainfo.MaxBytes} bytes");
        var metainfo = Metainfo.Parse(await File.ReadAllBytesAsync(torrentPath, cancellation));
        if (metainfo.Info.V2Hash != manifest.TorrentHash)
            throw new ContentException($"{torrentPath}: v2 info hash {metainfo.Info.V2Hash}, expected {manifest.TorrentHash}");

        var byName = manifest.Files.ToDictionary(file => file.Name, StringComparer.Ordinal);
        if (metainfo.Info.Files.Count != byName.Count)
        {
            throw new ContentException(
                $"{torrentPath}: {metainfo.Info.Files.Count} files, expected the manifest's {byName.Count}"
            );
        }
        var paths = new List<string>(byName.Count);
        foreach (var torrentFile in metainfo.Info.Files)
        {
            if (!byName.TryGetValue(torrentFile.Path, out var file))
                throw new ContentException($"{torrentPath}: a file that the manifest does not name");
            var path = Path.Combine(_directory, RepositoryLayout.File(digest, manifest, file));
            await CheckAsync(path, file.Length, file.Sha256, cancellation);
            paths.Add(path);
        }
        return new SeedRelease(digest, manifest, metainfo, paths) { ChunkMap = await LoadMapAsync(digest, manifest, cancellation) };
    }

    private async Task<SeedChunkMap> LoadMapAsync(Sha256Digest digest, ReleaseManifest manifest, CancellationToken cancellation)
    {
        var torrentPath = Path.Combine(_directory, RepositoryLayout.ChunkMapTorrent(digest));
        if (new FileInfo(torrentPath).Length > Metainfo.MaxBytes)
            throw new ContentException($"{torrentPath}: expected at most {Metainfo.MaxBytes} bytes");
        var metainfo = ChunkMapTorrent.Parse(await File.ReadAllBytesAsync(torrentPath, cancellation), manifest);
        var path = Path.Combine(_directory, RepositoryLayout.ChunkMap(digest));
        await CheckAsync(path, manifest.ChunkMap.Length, manifest.ChunkMap.Sha256, cancellation);
        return new SeedChunkMap(metainfo, path);
    }

    private async Task CheckAsync(string path, long expectedLength, Sha256Digest sha256, CancellationToken cancellation)
    {
        var length = new FileInfo(path).Length;
        if (length != expectedLength)
            throw new ContentException($"{path}: {length} bytes, expected {expectedLength}");
        if (!_verify)
            return;
        await using var content = new FileStream(
            path,
            FileMode.Open,
            FileAccess.Read,
            FileShare.ReadWrite | FileShare.Delete,
            bufferSize: 0,
            FileOptions.Asynchronous | FileOptions.SequentialScan
        );
        var hash = new Sha256Digest(await SHA256.HashDataAsync(content, cancellation));
        if (hash != sha256)
            throw new ContentException($"{path}: SHA-256 {hash}, expected {sha256}");
    }
}
