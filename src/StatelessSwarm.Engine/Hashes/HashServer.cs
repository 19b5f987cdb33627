using System.Numerics;
using StatelessSwarm.Content.Merkle;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Hashes;

/// <summary>
/// Answers hash requests (BEP 52) for the piece layer, from the piece hashes we hold; other layers are refused, save the leaves, which
/// are <see cref="LeafServer"/>'s. A file's upper tree is built on its first request and kept (64 bytes per piece).
/// </summary>
internal sealed class HashServer(TorrentInfo info, PieceLayers layers)
{
    private readonly Dictionary<int, Sha256Digest[][]> _trees = [];
    private readonly int _pieceLayer = BitOperations.Log2((uint)(info.PieceLength / BlockRange.BlockSize));

    /// <summary>The answer to a request, hashes or reject; null when the request is broken.</summary>
    public PeerMessage? Answer(ReadOnlyMemory<byte> payload)
    {
        if (payload.Length != HashRange.Size || !HashRange.TryRead(payload.Span, out var range))
            return null;
        var hashes = range.BaseLayer == _pieceLayer ? Collect(range) : null;
        if (hashes is null)
            return new PeerMessage(PeerMessageKind.HashReject, Payload: payload);
        var body = new byte[HashRange.Size + hashes.Count * Sha256Digest.Size];
        payload.Span.CopyTo(body);
        for (var index = 0; index < hashes.Count; index++)
            hashes[index].CopyTo(body.AsSpan(HashRange.Size + index * Sha256Digest.Size));
        return new PeerMessage(PeerMessageKind.Hashes, Payload: body);
    }

    /// <summary>Adds the uncles from the piece layer upwards that a proof of a range of leaves needs.</summary>
    public void AddUncles(int file, HashRange range, List<Sha256Digest> hashes)
    {
        var tree = Tree(file);
        for (var layer = 0; layer + _pieceLayer <= range.ProofLayers && layer < tree.Length - 1; layer++)
            hashes.Add(Node(tree, layer, (range.Index >> (layer + _pieceLayer)) ^ 1));
    }

    private List<Sha256Digest>? Collect(HashRange range)
    {
        var file = FindFile(range.PiecesRoot);
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

    private int FindFile(Sha256Digest root)
    {
        for (var file = 0; file < info.Files.Count; file++)
        {
            if (info.Files[file].Length > info.PieceLength && info.Files[file].PiecesRoot == root)
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
