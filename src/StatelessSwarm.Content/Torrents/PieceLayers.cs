using StatelessSwarm.Content.Merkle;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Torrents;

/// <summary>
/// The Merkle hash of every piece (BEP 52 "piece layers"), proved against the files' roots on construction. For a file of
/// one piece or less the piece hash is the file's root. One slot per piece of the torrent.
/// </summary>
public sealed partial class PieceLayers
{
    private readonly TorrentInfo _info;
    private readonly Sha256Digest[] _hashes;

    private PieceLayers(TorrentInfo info, Sha256Digest[] hashes)
    {
        _info = info;
        _hashes = hashes;
    }

    /// <summary>Takes the layers of all files, in the order of <see cref="TorrentInfo.Files"/>.</summary>
    /// <param name="info">A v2 or hybrid torrent.</param>
    /// <param name="layersByRoot">Concatenated 32-byte piece hashes keyed by file root; files of one piece or less
    /// have no entry.</param>
    /// <exception cref="ContentException">A layer is missing, has the wrong length, or does not hash to its root.</exception>
    public static PieceLayers Create(TorrentInfo info, IReadOnlyDictionary<Sha256Digest, ReadOnlyMemory<byte>> layersByRoot)
    {
        if (info.V2Hash is null)
            throw new ArgumentException("A v1-only torrent has no piece layers.", nameof(info));
        // All lengths first: a torrent of a few hundred bytes may speak of four million pieces.
        for (var index = 0; index < info.Files.Count; index++)
        {
            var file = info.Files[index];
            var (_, count) = info.PiecesOf(index);
            if (count <= 1)
                continue;
            if (!layersByRoot.TryGetValue(file.PiecesRoot, out var layer))
                throw new ContentException($"piece layers: expected an entry for file {index}, root {file.PiecesRoot}");
            if (layer.Length != (long)count * Sha256Digest.Size)
                throw new ContentException($"piece layers: file {index}: expected {count} hashes of {Sha256Digest.Size} bytes");
        }
        var hashes = new Sha256Digest[info.PieceCount];
        for (var index = 0; index < info.Files.Count; index++)
        {
            var file = info.Files[index];
            var (first, count) = info.PiecesOf(index);
            if (count <= 1)
            {
                if (count == 1)
                    hashes[first.Value] = file.PiecesRoot;
                continue;
            }
            var layer = layersByRoot[file.PiecesRoot].Span;
            var target = hashes.AsSpan(first.Value, count);
            for (var i = 0; i < count; i++)
                target[i] = new Sha256Digest(layer.Slice(i * Sha256Digest.Size, Sha256Digest.Size));
            if (MerkleHash.Root(target, info.PieceLevel) != file.PiecesRoot)
                throw new ContentException($"piece layers: file {index}: expected hashes that lead to root {file.PiecesRoot}");
        }
        return new PieceLayers(info, hashes);
    }

    /// <summary>The Merkle root over the blocks of the piece, padded as BEP 52 says for its place in the file.</summary>
    public Sha256Digest PieceHash(PieceIndex piece) => _hashes[piece.Value];

    /// <summary>The piece hashes of a file, in order; empty for an empty file.</summary>
    public ReadOnlySpan<Sha256Digest> Layer(int fileIndex)
    {
        var (first, count) = _info.PiecesOf(fileIndex);
        return count == 0 ? default : _hashes.AsSpan(first.Value, count);
    }

    /// <summary>
    /// True when the leaf hashes of all blocks of <paramref name="piece"/> (SHA-256 of each block's content bytes, in
    /// order, without padding leaves) hash to <see cref="PieceHash"/>. The node's only acceptance check.
    /// </summary>
    public bool Verify(PieceIndex piece, ReadOnlySpan<Sha256Digest> leaves)
    {
        if (leaves.Length != _info.BlockCount(piece))
            return false;
        var (file, _) = _info.Locate(piece);
        // A file's only piece is padded to its own power of two, any other one to the whole piece.
        var height = _info.Files[file].Length > _info.PieceLength ? _info.PieceLevel : MerkleHash.Height(leaves.Length);
        return MerkleHash.Root(leaves, level: 0, height) == _hashes[piece.Value];
    }
}
