using StatelessSwarm.Content;
using StatelessSwarm.Content.Chunks;
using StatelessSwarm.Content.Images;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Content.Verity;
using StatelessSwarm.Trust.Durability;

namespace StatelessSwarm.Trust.Repositories;

/// <summary>
/// Brings the files of a release into a new directory: one pass over each source gives its copy, SHA-256, the torrent's
/// hashes and, for the image, the dm-verity root and the chunk map. The copies are durable when it returns.
/// </summary>
internal sealed class ReleaseIntake
{
    private const int CopyBufferBytes = 1024 * 1024;

    private readonly string _directory;
    private readonly DurableFiles _files;
    private readonly IProgress<long>? _progress;
    private long _moved;

    /// <param name="directory">Becomes the release's directory; must not exist.</param>
    /// <param name="files">Where the copies go.</param>
    /// <param name="progress">Told the source bytes read so far, or null.</param>
    public ReleaseIntake(string directory, DurableFiles files, IProgress<long>? progress)
    {
        _directory = directory;
        _files = files;
        _progress = progress;
    }

    public async Task<IntakenRelease> RunAsync(
        PublishRequest request,
        string? authority,
        long build,
        long createdUnixSeconds,
        CancellationToken cancellation
    )
    {
        var name = $"{request.Product}-{request.Version}";
        var payload = Path.Combine(_directory, name);
        var salt = Publisher.VeritySalt(request.Product, request.Version, build);
        var items = new List<Item>();
        using var chunks = new ChunkMapBuilder(hashesImage: false);
        try
        {
            _files.EnsureDirectory(payload);
            var format = Open(request, payload, salt, chunks, items);
            var torrent = await TorrentBuilder.BuildHybridAsync(
                new TorrentBuildOptions { Name = name, Authority = authority, Trackers = request.Trackers, WebSeeds = request.WebSeeds },
                [.. items.Select(item => new TorrentBuildFile(item.Name, item.Intake, item.Length))],
                progress: null,
                cancellation
            );
            foreach (var item in items)
                _files.Flush(item.Copy);
            _files.SyncDirectory(payload);
            var sha256 = items.ToDictionary(item => item.Role, item => item.Hashes.FinishSha256());
            var map = chunks.Finish(sha256[ReleaseFileRole.Root]).Encode();
            var mapTorrent = await ChunkMapTorrent.BuildAsync(map, authority, cancellation);
            var reference = new ReleaseChunkMap(map.Length, Sha256Digest.HashData(map), V2HashOf(mapTorrent));
            var manifest = Describe(request, build, createdUnixSeconds, format, salt, items, sha256, torrent, reference);
            return new IntakenRelease(manifest, torrent, map, mapTorrent);
        }
        finally
        {
            foreach (var item in items)
                await item.DisposeAsync();
        }
    }

    private static Sha256Digest V2HashOf(byte[] torrent) =>
        Metainfo.Parse(torrent).Info.V2Hash ?? throw new InvalidOperationException("A v2 torrent has a v2 info hash.");

    private ImageFormat Open(PublishRequest request, string payload, byte[] salt, ChunkMapBuilder chunks, List<Item> items)
    {
        var image = OpenSource(request.RootPath);
        ImageFormat format;
        try
        {
            format = ReadFormat(image, request.RootPath);
        }
        catch
        {
            image.Dispose();
            throw;
        }
        var imageName = format == ImageFormat.SquashFs ? "root.squashfs" : "root.erofs";
        items.Add(Take(ReleaseFileRole.Root, imageName, image, payload, salt, chunks));
        if (request.KernelPath is { } kernel)
            items.Add(Take(ReleaseFileRole.Kernel, "vmlinuz", OpenSource(kernel), payload, salt: null));
        if (request.InitrdPath is { } initrd)
            items.Add(Take(ReleaseFileRole.Initrd, "initrd.img", OpenSource(initrd), payload, salt: null));
        return format;
    }

    private Item Take(
        ReleaseFileRole role,
        string name,
        FileStream source,
        string payload,
        byte[]? salt,
        ChunkMapBuilder? chunks = null
    )
    {
        FileHashes? hashes = null;
        Stream? copy = null;
        try
        {
            if (source.Length == 0)
                throw new ContentException($"{source.Name}: empty.");
            hashes = Hashes(source, salt);
            copy = _files.CreateNew(Path.Combine(payload, name));
            var intake = new IntakeStream(source, copy, hashes, chunks, Moved);
            return new Item(role, name, source.Length, intake, copy, hashes);
        }
        catch
        {
            copy?.Dispose();
            hashes?.Dispose();
            source.Dispose();
            throw;
        }
    }

    private static FileHashes Hashes(FileStream source, byte[]? salt)
    {
        if (salt is not null && source.Length % VerityTreeBuilder.BlockSize != 0)
        {
            throw new ContentException(
                $"{source.Name}: {source.Length} bytes; dm-verity wants an image padded to {VerityTreeBuilder.BlockSize} bytes."
            );
        }
        return new FileHashes(salt, source.Length);
    }

    private void Moved(int count)
    {
        var before = _moved;
        _moved += count;
        if (before / CopyBufferBytes != _moved / CopyBufferBytes || count < CopyBufferBytes)
            _progress?.Report(_moved);
    }

    private static ReleaseManifest Describe(
        PublishRequest request,
        long build,
        long createdUnixSeconds,
        ImageFormat format,
        byte[] salt,
        List<Item> items,
        Dictionary<ReleaseFileRole, Sha256Digest> sha256,
        byte[] torrent,
        ReleaseChunkMap chunkMap
    )
    {
        var info = Metainfo.Parse(torrent).Info;
        var roots = info.Files.ToDictionary(file => file.Path, file => file.PiecesRoot, StringComparer.Ordinal);
        var image = items.Single(item => item.Role == ReleaseFileRole.Root);
        return new ReleaseManifest
        {
            Product = request.Product,
            Version = request.Version,
            Build = build,
            CreatedUnixSeconds = createdUnixSeconds,
            Format = format,
            Verity = new VerityParameters(image.Hashes.FinishVerity(), salt),
            TorrentHash = V2HashOf(torrent),
            Files =
            [
                .. items
                    .Select(item => new ReleaseFile(
                        item.Role,
                        item.Name,
                        item.Length,
                        sha256[item.Role],
                        roots[item.Name]
                    ))
                    .OrderBy(file => file.Name, StringComparer.Ordinal),
            ],
            ChunkMap = chunkMap,
        };
    }

    /// <summary>The format of an image by its superblock; leaves the stream at its start.</summary>
    /// <exception cref="ContentException">Of no known format; names the file.</exception>
    internal static ImageFormat ReadFormat(FileStream image, string name)
    {
        try
        {
            var format = ImageSuperblock.Read(image).Format;
            image.Position = 0;
            return format;
        }
        catch (ContentException fault)
        {
            throw new ContentException($"{name}: {fault.Message}", fault);
        }
    }

    private static FileStream OpenSource(string path)
    {
        try
        {
            return new FileStream(
                path,
                new FileStreamOptions
                {
                    Mode = FileMode.Open,
                    Access = FileAccess.Read,
                    Share = FileShare.Read,
                    Options = FileOptions.SequentialScan,
                    BufferSize = 0,
                }
            );
        }
        catch (UnauthorizedAccessException fault)
        {
            throw new IOException($"{path}: cannot be read: {fault.Message}", fault);
        }
    }

    /// <summary>One file on its way in.</summary>
    private sealed record Item(
        ReleaseFileRole Role,
        string Name,
        long Length,
        IntakeStream Intake,
        Stream Copy,
        FileHashes Hashes
    ) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Intake.DisposeAsync();
            await Copy.DisposeAsync();
            Hashes.Dispose();
        }
    }
}
