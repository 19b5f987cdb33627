using System.Buffers;
using System.Security.Cryptography;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Chunks;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Trust.Repositories;

/// <summary>
/// Verifies what a believed manifest names: that the torrent is the one it says and describes the same files, and every byte of
/// these five times over (SHA-256 of the file, SHA-256 Merkle pieces, SHA-1 pieces, dm-verity root, chunk map).
/// </summary>
internal sealed class ReleaseCheck
{
    private readonly Repository _repository;
    private readonly Sha256Digest _digest;
    private readonly ReleaseManifest _manifest;
    private readonly bool _readsPayload;
    private readonly ProblemList _problems;
    private readonly ByteCount _bytes;
    private readonly CancellationToken _cancellation;

    public ReleaseCheck(
        Repository repository,
        Sha256Digest digest,
        ReleaseManifest manifest,
        bool readsPayload,
        ProblemList problems,
        ByteCount bytes,
        CancellationToken cancellation
    )
    {
        _repository = repository;
        _digest = digest;
        _manifest = manifest;
        _readsPayload = readsPayload;
        _problems = problems;
        _bytes = bytes;
        _cancellation = cancellation;
    }

    public async Task RunAsync()
    {
        var torrentPath = RepositoryLayout.Torrent(_digest);
        var metainfo = _problems.Try(torrentPath, () => ReadTorrent(torrentPath));
        foreach (var file in _manifest.Files)
        {
            var path = RepositoryLayout.File(_digest, _manifest, file);
            await _problems.TryAsync(path, () => CheckFileAsync(path, file, metainfo));
        }
        _problems.Try(RepositoryLayout.ChunkMapTorrent(_digest), CheckMapTorrent);
        _problems.Try(RepositoryLayout.ChunkMap(_digest), CheckMap);
        var checksumsPath = RepositoryLayout.Checksums(_digest);
        _problems.Try(checksumsPath, () => CheckChecksums(checksumsPath));
        _bytes.Tell();
    }

    private Metainfo ReadTorrent(string path)
    {
        var metainfo = Metainfo.Parse(BoundedFile.Read(_repository.At(path), path, Metainfo.MaxBytes));
        var info = metainfo.Info;
        if (info.V2Hash != _manifest.TorrentHash)
            throw new ContentException($"info hash {info.V2Hash}, expected {_manifest.TorrentHash}.");
        if (info.V1Hash is null || metainfo.Layers is null)
            throw new ContentException("expected a hybrid torrent.");
        if (info.Name != _manifest.TorrentName || !info.IsMultiFile)
            throw new ContentException($"expected the directory {_manifest.TorrentName}.");
        var named = _manifest.Files.Select(file => (file.Name, file.Length, file.PiecesRoot));
        if (!info.Files.Select(file => (file.Path, file.Length, file.PiecesRoot)).SequenceEqual(named))
            throw new ContentException("its files, lengths or roots are not those of the manifest.");
        return metainfo;
    }

    private void CheckMapTorrent()
    {
        var path = RepositoryLayout.ChunkMapTorrent(_digest);
        ChunkMapTorrent.Parse(BoundedFile.Read(_repository.At(path), path, Metainfo.MaxBytes), _manifest);
    }

    /// <summary>The map is the manifest's, and, when the image is whole, the image's.</summary>
    private void CheckMap()
    {
        var path = RepositoryLayout.ChunkMap(_digest);
        var bytes = BoundedFile.Read(_repository.At(path), path, ChunkMap.MaxBytes);
        var sha256 = Sha256Digest.HashData(bytes);
        if (sha256 != _manifest.ChunkMap.Sha256 || bytes.Length != _manifest.ChunkMap.Length)
            throw new ContentException($"SHA-256 {sha256}, {bytes.Length} bytes, expected {_manifest.ChunkMap.Sha256}.");
        var map = ChunkMap.Decode(bytes);
        if (map.ImageSha256 != _manifest.Root.Sha256 || map.ImageBytes != _manifest.Root.Length)
            throw new ContentException($"of the image {map.ImageSha256}, expected {_manifest.Root.Sha256}.");
    }

    private async Task CheckFileAsync(string path, ReleaseFile file, Metainfo? metainfo)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.Open,
            Access = FileAccess.Read,
            Share = FileShare.ReadWrite | FileShare.Delete,
            Options = FileOptions.SequentialScan,
            BufferSize = 0,
        };
        await using var stream = new FileStream(_repository.At(path), options);
        if (stream.Length != file.Length)
            throw new ContentException($"{stream.Length} bytes, expected {file.Length}.");
        if (file.Role == ReleaseFileRole.Root)
            CheckFormat(stream);
        if (!_readsPayload)
            return;
        using var hashes = new FileHashes(file.Role == ReleaseFileRole.Root ? _manifest.Verity.Salt.ToArray() : null, file.Length);
        using var chunks = file.Role == ReleaseFileRole.Root ? new ChunkMapBuilder(hashesImage: false) : null;
        var pieces = metainfo is null ? null : new PieceCheck(metainfo, file.Name);
        var buffer = ArrayPool<byte>.Shared.Rent(pieces?.PieceLength ?? 1024 * 1024);
        try
        {
            for (var left = file.Length; left > 0; )
            {
                var count = (int)Math.Min(left, pieces?.PieceLength ?? buffer.Length);
                var bytes = buffer.AsMemory(0, count);
                await stream.ReadExactlyAsync(bytes, _cancellation);
                hashes.Append(bytes.Span);
                pieces?.Next(bytes.Span);
                chunks?.Append(bytes.Span);
                left -= count;
                _bytes.Add(count);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        var sha256 = hashes.FinishSha256();
        Report(path, file, sha256, hashes, pieces);
        if (chunks is not null && Sha256Digest.HashData(chunks.Finish(sha256).Encode()) is var map && map != _manifest.ChunkMap.Sha256)
            _problems.Add(path, $"its chunk map has SHA-256 {map}, expected {_manifest.ChunkMap.Sha256}.");
    }

    private void Report(string path, ReleaseFile file, Sha256Digest sha256, FileHashes hashes, PieceCheck? pieces)
    {
        if (sha256 != file.Sha256)
            _problems.Add(path, $"SHA-256 {sha256}, expected {file.Sha256}.");
        if (file.Role == ReleaseFileRole.Root && hashes.FinishVerity() is var verity && verity != _manifest.Verity.RootHash)
            _problems.Add(path, $"dm-verity root {verity}, expected {_manifest.Verity.RootHash}.");
        if (pieces is { FirstBadV2: { } bad })
            _problems.Add(path, $"piece {bad} of the torrent does not match its SHA-256 Merkle hash.");
        if (pieces is { FirstBadV1: { } old })
            _problems.Add(path, $"piece {old} of the torrent does not match its SHA-1 hash.");
    }

    private void CheckFormat(FileStream stream)
    {
        var format = ReleaseIntake.ReadFormat(stream, "image");
        if (format != _manifest.Format)
            throw new ContentException($"is {format}, expected {_manifest.Format}.");
    }

    private void CheckChecksums(string path)
    {
        var seen = BoundedFile.Read(_repository.At(path), path, Checksums.MaxBytes);
        var expected = Checksums.Format(
            _manifest,
            HashOf(RepositoryLayout.Manifest(_digest), Signing.SignedEnvelope.MaxBytes(ReleaseManifest.MaxBytes)),
            HashOf(RepositoryLayout.Torrent(_digest), Metainfo.MaxBytes),
            HashOf(RepositoryLayout.ChunkMapTorrent(_digest), Metainfo.MaxBytes)
        );
        if (!seen.AsSpan().SequenceEqual(expected))
            throw new ContentException("does not match: it, the manifest's signatures or the torrent has changed.");
    }

    private Sha256Digest HashOf(string path, int maxBytes) =>
        Sha256Digest.HashData(BoundedFile.Read(_repository.At(path), path, maxBytes));

    /// <summary>Checks the pieces of one file, given in order, by both versions' hashes.</summary>
    private sealed class PieceCheck
    {
        private readonly TorrentInfo _info;
        private readonly PieceLayers _layers;
        private readonly byte[] _padding = new byte[BlockRange.BlockSize];
        private readonly Sha256Digest[] _leaves;
        private int _next;

        public PieceCheck(Metainfo metainfo, string name)
        {
            _info = metainfo.Info;
            _layers = metainfo.Layers ?? throw new ArgumentException("Not a v2 torrent.", nameof(metainfo));
            _leaves = new Sha256Digest[PieceLength / BlockRange.BlockSize];
            _next = checked((int)(_info.Files.Single(file => file.Path == name).Offset / PieceLength));
        }

        public int PieceLength => _info.PieceLength;

        public int? FirstBadV2 { get; private set; }

        public int? FirstBadV1 { get; private set; }

        public void Next(ReadOnlySpan<byte> bytes)
        {
            var piece = new PieceIndex(_next++);
            if (_info.ContentLength(piece) != bytes.Length)
                throw new ContentException($"piece {piece} has {_info.ContentLength(piece)} bytes, expected {bytes.Length}.");
            var count = 0;
            for (var at = 0; at < bytes.Length; at += BlockRange.BlockSize)
                _leaves[count++] = Sha256Digest.HashData(bytes.Slice(at, Math.Min(BlockRange.BlockSize, bytes.Length - at)));
            if (!_layers.Verify(piece, _leaves.AsSpan(0, count)))
                FirstBadV2 ??= piece.Value;
            if (!Sha1Of(bytes, _info.WireLength(piece) - bytes.Length).AsSpan().SequenceEqual(_info.V1PieceHash(piece)))
                FirstBadV1 ??= piece.Value;
        }

        private byte[] Sha1Of(ReadOnlySpan<byte> bytes, int paddingBytes)
        {
            using var sha1 = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
            sha1.AppendData(bytes);
            for (var left = paddingBytes; left > 0; left -= Math.Min(left, _padding.Length))
                sha1.AppendData(_padding.AsSpan(0, Math.Min(left, _padding.Length)));
            return sha1.GetHashAndReset();
        }
    }
}
