using System.Buffers;
using System.Security.Cryptography;

namespace StatelessSwarm.Content.Torrents;

/// <summary>SHA-1 of every piece of a stream of bytes (BEP 3), across the borders of files.</summary>
internal sealed class V1PieceHasher(int pieceLength) : IDisposable
{
    private static readonly byte[] Zeros = new byte[64 * 1024];

    private readonly IncrementalHash _partial = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
    private readonly ArrayBufferWriter<byte> _hashes = new();
    private int _partialBytes;

    /// <summary>Takes the next bytes, any number of them.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var piece = bytes[..Math.Min(pieceLength - _partialBytes, bytes.Length)];
            bytes = bytes[piece.Length..];
            if (piece.Length == pieceLength)
            {
                SHA1.HashData(piece, _hashes.GetSpan(TorrentInfo.V1HashSize));
                _hashes.Advance(TorrentInfo.V1HashSize);
                continue;
            }
            _partial.AppendData(piece);
            _partialBytes += piece.Length;
            if (_partialBytes == pieceLength)
                EndPiece();
        }
    }

    /// <summary>Takes zeros up to the end of the piece.</summary>
    public void Pad()
    {
        while (_partialBytes > 0)
            Append(Zeros.AsSpan(0, Math.Min(Zeros.Length, pieceLength - _partialBytes)));
    }

    /// <summary>Ends the last piece; the hashes, 20 bytes each.</summary>
    public ReadOnlySpan<byte> Finish()
    {
        if (_partialBytes > 0)
            EndPiece();
        return _hashes.WrittenSpan;
    }

    /// <inheritdoc/>
    public void Dispose() => _partial.Dispose();

    private void EndPiece()
    {
        _partial.TryGetHashAndReset(_hashes.GetSpan(TorrentInfo.V1HashSize), out var written);
        _hashes.Advance(written);
        _partialBytes = 0;
    }
}
