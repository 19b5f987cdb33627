using System.Numerics;
using StatelessSwarm.Content.Merkle;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Hashes;

/// <summary>
/// Answers hash requests (BEP 52) for the two layers that every client must serve: the piece layer, from the piece hashes we hold,
/// and the leaves, which are hashed anew (<see cref="LeafRequests"/>). Other layers are refused. A file's upper tree is built on its
/// first request and kept (64 bytes per piece).
/// </summary>
internal sealed class HashServer(TorrentInfo info, PieceLayers layers)
{
    private readonly Dictionary<int, Sha256Digest[][]> _trees = [];
    private readonly int _pieceLayer = BitOperations.Log2((uint)(info.PieceLength / BlockRange.BlockSize));

    /// <summary>The request is for leaves below the piece hashes.</summary>
    public bool IsForLeaves(in HashRange range) => range.BaseLayer == 0 && _pieceLayer > 0;

    /// <summary>The answer to a request for another layer, hashes or reject.</summary>
    public PeerMessage Answer(in HashRange range, ReadOnlyMemory<byte> payload)
    {
        var hashes = range.BaseLayer == _pieceLayer ? Collect(range) : null;
        return hashes is null ? new PeerMessage(PeerMessageKind.HashReject, Payload: payload) : Pack(payload, hashes);
    }

    /// <summary>
    /// The pieces whose leaves a request for leaves needs, the uncles inside them included; null when it asks beyond the file, or
    /// pieces are so long that reading one is more than an answer is worth (over <see cref="MerkleTree.MaxHashes"/> blocks).
    /// </summary>
    public (int First, int Count)? FindLeaves(in HashRange range)
    {
        var file = FindFile(range.PiecesRoot, BlockRange.BlockSize);
        if (file < 0 || info.BlocksPerPiece > MerkleTree.MaxHashes)
            return null;
        var leaves = MerkleHash.BlockCount(info.Files[file].Length);
        if (range.Index >= leaves || range.Index + (long)range.Length > 1L << MerkleHash.Height(leaves))
            return null;
        var (first, pieces) = info.PiecesOf(file);
        var start = range.Index / info.BlocksPerPiece;
        var count = Math.Max(1, range.Length / info.BlocksPerPiece);
        return (first.Value + start, Math.Min(count, pieces - start));
    }

    /// <summary>The answer to a request for leaves; null when the leaves are not those of the pieces.</summary>
    /// <param name="range">The request.</param>
    /// <param name="firstPiece">The piece that the leaves begin with.</param>
    /// <param name="leaves">Of whole pieces, as <see cref="FindLeaves"/> named them.</param>
    /// <param name="payload">The request's bytes.</param>
    public PeerMessage? AnswerLeaves(in HashRange range, int firstPiece, ReadOnlySpan<Sha256Digest> leaves, ReadOnlyMemory<byte> payload)
    {
        if (!AreOfPieces(firstPiece, leaves))
            return null;
        var file = FindFile(range.PiecesRoot, BlockRange.BlockSize);
        var height = MerkleHash.Height(MerkleHash.BlockCount(info.Files[file].Length));
        var hashes = new List<Sha256Digest>(range.Length + range.ProofLayers);
        var start = range.Index % info.BlocksPerPiece;
        for (var index = start; index < start + range.Length; index++)
            hashes.Add(index < leaves.Length ? leaves[index] : MerkleHash.Padding(0));
        for (var layer = BitOperations.Log2((uint)range.Length); layer <= range.ProofLayers && layer < height; layer++)
        {
            var uncle = (range.Index >> layer) ^ 1;
            if (layer >= _pieceLayer)
                hashes.Add(Node(Tree(file), layer - _pieceLayer, uncle));
            else
                hashes.Add(Subtree(leaves, (uncle << layer) % info.BlocksPerPiece, layer));
        }
        return Pack(payload, hashes);
    }

    private static Sha256Digest Subtree(ReadOnlySpan<Sha256Digest> leaves, int start, int height)
    {
        if (start >= leaves.Length)
            return MerkleHash.Padding(height);
        return MerkleHash.Root(leaves[start..Math.Min(leaves.Length, start + (1 << height))], level: 0, height);
    }

    private bool AreOfPieces(int piece, ReadOnlySpan<Sha256Digest> leaves)
    {
        while (!leaves.IsEmpty)
        {
            var count = info.BlockCount(new PieceIndex(piece));
            if (count > leaves.Length || !layers.Verify(new PieceIndex(piece), leaves[..count]))
                return false;
            leaves = leaves[count..];
            piece++;
        }
        return true;
    }

    private static PeerMessage Pack(ReadOnlyMemory<byte> payload, List<Sha256Digest> hashes)
    {
        var body = new byte[HashRange.Size + hashes.Count * Sha256Digest.Size];
        payload.Span.CopyTo(body);
        for (var index = 0; index < hashes.Count; index++)
            hashes[index].CopyTo(body.AsSpan(HashRange.Size + index * Sha256Digest.Size));
        return new PeerMessage(PeerMessageKind.Hashes, Payload: body);
    }

    private List<Sha256Digest>? Collect(in HashRange range)
    {
        var file = FindFile(range.PiecesRoot, info.PieceLength);
        if (file < 0)
            return null;
        var tree = Tree(file);
        var width = 1L << (tree.Length - 1);
        if (range.Index + (long)range.Length > width)
            return null;
        var hashes = new List<Sha256Digest>(range.Length + range.ProofLayers);
        for (var index = range.Index; index < range.Index + range.Length; index++)
            hashes.Add(Node(tree, 0, index));
        // Proof layer n (counted from 1) is the uncle n levels up. The asked hashes are a whole subtree, so the uncles inside it
        // are left out: the first one sent is the sibling of the subtree's root.
        var subtree = BitOperations.Log2((uint)range.Length);
        for (var layer = subtree; layer <= range.ProofLayers && layer < tree.Length - 1; layer++)
            hashes.Add(Node(tree, layer, (range.Index >> layer) ^ 1));
        return hashes;
    }

    /// <summary>The file with this root that is longer than so many bytes, or -1.</summary>
    private int FindFile(Sha256Digest root, int moreThan)
    {
        for (var file = 0; file < info.Files.Count; file++)
        {
            if (info.Files[file].Length > moreThan && info.Files[file].PiecesRoot == root)
                return file;
        }
        return -1;
    }

    private Sha256Digest Node(Sha256Digest[][] tree, int layer, int index) =>
        index < tree[layer].Length ? tree[layer][index] : MerkleHash.Padding(_pieceLayer + layer);

    private Sha256Digest[][] Tree(int file)
    {
        if (_trees.TryGetValue(file, out var tree))
            return tree;
        var first = (int)(info.Files[file].Offset / info.PieceLength);
        var pieces = (int)((info.Files[file].Length + info.PieceLength - 1) / info.PieceLength);
        tree = new Sha256Digest[MerkleHash.Height(pieces) + 1][];
        tree[0] = new Sha256Digest[pieces];
        for (var piece = 0; piece < pieces; piece++)
            tree[0][piece] = layers.PieceHash(new PieceIndex(first + piece));
        for (var layer = 1; layer < tree.Length; layer++)
        {
            tree[layer] = new Sha256Digest[(tree[layer - 1].Length + 1) / 2];
            for (var index = 0; index < tree[layer].Length; index++)
                tree[layer][index] = MerkleHash.Combine(Node(tree, layer - 1, 2 * index), Node(tree, layer - 1, 2 * index + 1));
        }
        _trees.Add(file, tree);
        return tree;
    }
}
