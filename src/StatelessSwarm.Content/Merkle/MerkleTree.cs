using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Merkle;

/// <summary>
/// All nodes of a file's tree from one layer up to the root, for answering hash requests (BEP 52): 64 bytes per node of
/// that layer. Padding nodes are not stored.
/// </summary>
public sealed class MerkleTree
{
    /// <summary>Most hashes in one request or answer, as deployed clients have it.</summary>
    public const int MaxHashes = 512;

    private readonly Sha256Digest[][] _layers;

    /// <summary>The tree above a layer.</summary>
    /// <param name="layer">All nodes of the layer that cover a block; at least one. Copied.</param>
    /// <param name="level">The layer's level: 0 for leaves, log2 of the blocks per piece for piece hashes.</param>
    public MerkleTree(ReadOnlySpan<Sha256Digest> layer, int level)
    {
        ArgumentOutOfRangeException.ThrowIfZero(layer.Length);
        ArgumentOutOfRangeException.ThrowIfNegative(level);
        BaseLevel = level;
        var height = MerkleHash.Height(layer.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level + height, MerkleHash.MaxLevels);
        _layers = new Sha256Digest[height + 1][];
        _layers[0] = layer.ToArray();
        for (var h = 1; h <= height; h++)
        {
            var below = _layers[h - 1];
            var nodes = new Sha256Digest[(below.Length + 1) / 2];
            for (var i = 0; i < nodes.Length; i++)
            {
                var right = 2 * i + 1 < below.Length ? below[2 * i + 1] : MerkleHash.Padding(level + h - 1);
                nodes[i] = MerkleHash.Combine(below[2 * i], right);
            }
            _layers[h] = nodes;
        }
    }

    /// <summary>Level of the lowest layer held.</summary>
    public int BaseLevel { get; }

    /// <summary>Level of the root.</summary>
    public int RootLevel => BaseLevel + _layers.Length - 1;

    /// <summary>The root.</summary>
    public Sha256Digest Root => _layers[^1][0];

    /// <summary>
    /// Fills the answer to a hash request: <paramref name="length"/> nodes, then the uncles that prove them. False when
    /// the request breaks BEP 52 (length a power of two from 2 to 512, index a multiple of it, inside the tree) or asks
    /// below <see cref="BaseLevel"/>: answer with a reject.
    /// </summary>
    /// <param name="level">Base layer of the request.</param>
    /// <param name="index">First node in that layer.</param>
    /// <param name="length">Number of nodes.</param>
    /// <param name="proofLayers">Layers above the base layer to prove.</param>
    /// <param name="answer">Receives the hashes; <see cref="MaxHashes"/> + <see cref="MerkleHash.MaxLevels"/> always do.</param>
    /// <param name="written">Number of hashes in the answer.</param>
    public bool TryAnswer(
        int level,
        int index,
        int length,
        int proofLayers,
        Span<Sha256Digest> answer,
        out int written
    )
    {
        written = 0;
        if (level < BaseLevel || level >= RootLevel || index < 0 || length is < 2 or > MaxHashes
            || !int.IsPow2(length) || index % length != 0)
            return false;
        if (proofLayers < 0 || proofLayers > RootLevel - level - 1
            || (long)index + length > 1L << (RootLevel - level))
            return false;
        for (var i = 0; i < length; i++)
            answer[written++] = Node(level, index + i);
        var span = int.Log2(length);
        for (var up = span; up <= proofLayers; up++)
            answer[written++] = Node(level + up, (index >> up) ^ 1);
        return true;
    }

    private Sha256Digest Node(int level, int index)
    {
        var layer = _layers[level - BaseLevel];
        return index < layer.Length ? layer[index] : MerkleHash.Padding(level);
    }
}
