using System.Security.Cryptography;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Swarm.Storage;

/// <summary>
/// Hashes pieces on disk: SHA-256 leaves against the piece layers, or SHA-1 in v1-only torrents. Has one buffer, small enough to stay in
/// the core's cache between being read and being hashed, whatever the piece length. For one thread at a time.
/// </summary>
internal sealed class PieceVerifier : IDisposable
{
    /// <summary>Bytes read at a time: 256 KiB.</summary>
    private const int BufferSize = 16 * BlockRange.BlockSize;

    private readonly TorrentInfo _info;
    private readonly PieceLayers? _layers;
    private readonly PieceFiles _files;
    private readonly bool _isStrict;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferSize);
    private readonly Sha256Digest[] _leaves;
    private readonly IncrementalHash? _sha1;

    /// <param name="metainfo">The torrent.</param>
    /// <param name="files">Its files.</param>
    /// <param name="isStrict">A file that is missing, short or broken is an <see cref="IOException"/>, not a wrong piece.</param>
    public PieceVerifier(Metainfo metainfo, PieceFiles files, bool isStrict)
    {
        _info = metainfo.Info;
        _layers = metainfo.Layers;
        _files = files;
        _isStrict = isStrict;
        _leaves = _layers is null ? [] : new Sha256Digest[_info.BlocksPerPiece];
        _sha1 = _layers is null ? IncrementalHash.CreateHash(HashAlgorithmName.SHA1) : null;
    }

    /// <summary>True when the piece is on disk with the right hash.</summary>
    public bool IsRight(PieceIndex piece) => _layers is { } layers ? IsRightV2(piece, layers) : IsRightV1(piece, _sha1!);

    /// <inheritdoc/>
    public void Dispose() => _sha1?.Dispose();

    private bool IsRightV2(PieceIndex piece, PieceLayers layers)
    {
        var length = _info.ContentLength(piece);
        var block = 0;
        for (var begin = 0; begin < length; begin += BufferSize)
        {
            var part = _buffer.AsSpan(0, Math.Min(BufferSize, length - begin));
            if (!TryRead(new BlockRange(piece, begin, part.Length), part))
                return false;
            for (; !part.IsEmpty; block++)
            {
                var bytes = part[..Math.Min(BlockRange.BlockSize, part.Length)];
                _leaves[block] = Sha256Digest.HashData(bytes);
                part = part[bytes.Length..];
            }
        }
        return layers.Verify(piece, _leaves.AsSpan(0, block));
    }

    private bool IsRightV1(PieceIndex piece, IncrementalHash sha1)
    {
        var length = _info.WireLength(piece);
        var isThere = true;
        for (var begin = 0; begin < length && isThere; begin += BufferSize)
        {
            var part = _buffer.AsSpan(0, Math.Min(BufferSize, length - begin));
            isThere = TryRead(new BlockRange(piece, begin, part.Length), part);
            sha1.AppendData(part);
        }
        Span<byte> hash = stackalloc byte[TorrentInfo.V1HashSize];
        sha1.GetHashAndReset(hash);
        return isThere && hash.SequenceEqual(_info.V1PieceHash(piece));
    }

    private bool TryRead(BlockRange block, Span<byte> target)
    {
        if (!_isStrict)
            return _files.TryRead(block, target);
        _files.Read(block, target);
        return true;
    }
}
