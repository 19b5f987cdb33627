using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Merkle;

/// <summary>Checks of the hashes message (BEP 52).</summary>
public static class MerkleProof
{
    /// <summary>
    /// Uncles that follow <paramref name="length"/> hashes when <paramref name="proofLayers"/> layers are proved: the
    /// layers that the hashes themselves determine are left out.
    /// </summary>
    public static int UncleCount(int length, int proofLayers) => Math.Max(0, proofLayers - int.Log2(length) + 1);

    /// <summary>
    /// True when the hashes and their uncles lead to a node that is already trusted.
    /// </summary>
    /// <param name="ancestor">The trusted node, log2(hashes) + uncles levels above the hashes.</param>
    /// <param name="hashes">Neighbouring nodes, a power of two of them.</param>
    /// <param name="index">Index of the first in its layer, counted from the leftmost one under the ancestor; a multiple of
    /// their number.</param>
    /// <param name="uncles">Siblings of the path's nodes, lowest first.</param>
    public static bool Verify(
        in Sha256Digest ancestor,
        ReadOnlySpan<Sha256Digest> hashes,
        long index,
        ReadOnlySpan<Sha256Digest> uncles
    )
    {
        if (hashes.IsEmpty || !int.IsPow2(hashes.Length) || index < 0 || index % hashes.Length != 0)
            return false;
        var height = int.Log2(hashes.Length);
        if (uncles.Length > MerkleHash.MaxLevels - height || index >> height >> uncles.Length != 0)
            return false;
        var node = MerkleHash.Root(hashes, level: 0, height);
        var position = index >> height;
        foreach (ref readonly var uncle in uncles)
        {
            node = (position & 1) == 0 ? MerkleHash.Combine(node, uncle) : MerkleHash.Combine(uncle, node);
            position >>= 1;
        }
        return node == ancestor;
    }
}
