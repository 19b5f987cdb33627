using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Torrents;

/// <summary>
/// The Merkle hash of every piece (BEP 52 "piece layers"), proved against the files' roots on construction. For a file of
/// one piece or less the piece hash is the file's root. One slot per piece of the torrent.
/// </summary>
public sealed partial class PieceLayers
{
    /// <summary>Takes the layers of all files, in the order of <see cref="TorrentInfo.Files"/>.</summary>
    /// <param name="info">A v2 or hybrid torrent.</param>
    /// <param name="layersByRoot">Concatenated 32-byte piece hashes keyed by file root; files of one piece or less
    /// have no entry.</param>
    /// <exception cref="ContentException">A layer is missing, has the wrong length, or does not hash to its root.</exception>
    public static PieceLayers Create(TorrentInfo info, IReadOnlyDictionary<Sha256Digest, ReadOnlyMemory<byte>> layersByRoot) =>
        throw new NotImplementedException();

    /// <summary>The Merkle root over the blocks of the piece, padded as BEP 52 says for its place in the file.</summary>
    public Sha256Digest PieceHash(PieceIndex piece) => throw new NotImplementedException();

    /// <summary>
    /// True when the leaf hashes of all blocks of <paramref name="piece"/> (SHA-256 of each block's content bytes, in
    /// order, without padding leaves) hash to <see cref="PieceHash"/>. The node's only acceptance check.
    /// </summary>
    public bool Verify(PieceIndex piece, ReadOnlySpan<Sha256Digest> leaves) => throw new NotImplementedException();
}
