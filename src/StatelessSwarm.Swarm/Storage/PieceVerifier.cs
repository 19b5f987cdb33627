using System.Security.Cryptography;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Swarm.Storage;

/// <summary>
/// Hashes pieces on disk: SHA-256 leaves against the piece layers, or SHA-1 in v1-only torrents; both, on demand, in hybrid ones. Has one buffer, small enough to stay in
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
    /// <param name="checksBoth">Look at a hybrid torrent's v1 hashes, too.</param>
    public PieceVerifier(Metainfo metainfo, PieceFiles files, bool isStrict, bool checksBoth = false)
    {
        _info = metainfo.Info;
        _layers = metainfo.Layers;
        _files = files;
        _isStrict = isStrict;
        _leaves = _layers is null ? [] : new Sha256Digest[_info.BlocksPerPiece];
        var hasSha1 = _layers is null || (checksBoth && _info.V1Hash is not null);
        _sha1 = hasSha1 ? IncrementalHash.CreateHash(HashAlgorithmName.SHA1) : null;
    }

    /// <summary>True when the piece is on disk with the right hash.</summary>
    public bool IsRight(PieceIndex piece) => Judge(piece) == PieceVerdict.Right;

    /// <summary>What the hashes say that are looked at.</summary>
    public PieceVerdict Judge(PieceIndex piece)
    {
        if (_layers is not { } layers)
            return IsRightV1(piece, _sha1!) ? PieceVerdict.Right : PieceVerdict.Wrong;
        var isRight = IsRightV2(piece, layers, out var isThere);
        if (_sha1 is null)
            return isRight ? PieceVerdict.Right : PieceVerdict.Wrong;
        if (isThere)
            AppendPad(_info.WireLength(piece) - _info.ContentLength(piece), _sha1);
        var isRightV1 = HasV1Hash(piece, _sha1) && isThere;
        return (isRight, isRightV1) switch
        {
            (true, true) => PieceVerdict.Right,
            (true, false) => PieceVerdict.RightByV2Only,
            (false, true) => PieceVerdict.RightByV1Only,
            _ => PieceVerdict.Wrong,
        };
    }

    /// <inheritdoc/>
    public void Dispose() => _sha1?.Dispose();

    private bool IsRightV2(PieceIndex piece, PieceLayers layers, out bool isThere)
    {
        isThere = false;
        var length = _info.ContentLength(piece);
        var block = 0;
        for (var begin = 0; begin < length; begin += BufferSize)
        {
            var part = _buffer.AsSpan(0, Math.Min(BufferSize, length - begin));
            if (!TryRead(new BlockRange(piece, begin, part.Length), part))
                return false;
            _sha1?.AppendData(part);
            for (; !part.IsEmpty; block++)
            {
                var bytes = part[..Math.Min(BlockRange.BlockSize, part.Length)];
                _leaves[block] = Sha256Digest.HashData(bytes);
                part = part[bytes.Length..];
            }
        }
        isThere = true;
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
        return HasV1Hash(piece, sha1) && isThere;
    }

    private void AppendPad(int length, IncrementalHash sha1)
    {
        var zeros = _buffer.AsSpan(0, Math.Min(length, BufferSize));
        zeros.Clear();
        for (; length > 0; length -= zeros.Length)
        {
            zeros = zeros[..Math.Min(length, zeros.Length)];
            sha1.AppendData(zeros);
        }
    }

    private bool HasV1Hash(PieceIndex piece, IncrementalHash sha1)
    {
        Span<byte> hash = stackalloc byte[TorrentInfo.V1HashSize];
        sha1.GetHashAndReset(hash);
        return hash.SequenceEqual(_info.V1PieceHash(piece));
    }

    private bool TryRead(BlockRange block, Span<byte> target)
    {
        if (!_isStrict)
            return _files.TryRead(block, target);
        _files.Read(block, target);
        return true;
    }
}
