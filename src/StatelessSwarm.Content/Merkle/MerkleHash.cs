using System.Numerics;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Merkle;

/// <summary>
/// The hash tree of BEP 52 over one file: leaves (level 0) are SHA-256 digests of 16 KiB blocks, the last block hashed as
/// short as it is; a node is SHA-256 of its two children. Missing leaves up to the next power of two are 32 zero bytes.
/// A layer is all nodes of one level that cover at least one block.
/// </summary>
public static class MerkleHash
{
    /// <summary>Levels of the largest tree: 2^40 leaves would be 16 PiB.</summary>
    public const int MaxLevels = 40;

    private static readonly Sha256Digest[] Paddings = MakePaddings();

    /// <summary>The node at <paramref name="level"/> (0 to <see cref="MaxLevels"/>) that covers only padding.</summary>
    public static Sha256Digest Padding(int level) => Paddings[level];

    /// <summary>SHA-256 of two nodes side by side.</summary>
    public static Sha256Digest Combine(in Sha256Digest left, in Sha256Digest right)
    {
        Span<byte> pair = stackalloc byte[2 * Sha256Digest.Size];
        left.CopyTo(pair);
        right.CopyTo(pair[Sha256Digest.Size..]);
        return Sha256Digest.HashData(pair);
    }

    /// <summary>Levels above the leaves of a tree of <paramref name="nodes"/> nodes: 0 for one, 1 for two, 2 for three.</summary>
    public static int Height(long nodes) => nodes <= 1 ? 0 : 64 - BitOperations.LeadingZeroCount((ulong)(nodes - 1));

    /// <summary>Number of blocks in a file.</summary>
    public static long BlockCount(long fileLength) =>
        fileLength / BlockRange.BlockSize + (fileLength % BlockRange.BlockSize == 0 ? 0 : 1);

    /// <summary>
    /// Root over neighbouring nodes of one level, padded on the right to 2^<paramref name="height"/> nodes.
    /// </summary>
    /// <param name="nodes">At least one, at most 2^height.</param>
    /// <param name="level">Their level: 0 for leaves.</param>
    /// <param name="height">Levels from them to the root.</param>
    public static Sha256Digest Root(ReadOnlySpan<Sha256Digest> nodes, int level, int height)
    {
        ArgumentOutOfRangeException.ThrowIfZero(nodes.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Height(nodes.Length), height);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level + height, MaxLevels);
        // pending[h] holds a finished left sibling h levels up whenever bit h of the count is set.
        Span<Sha256Digest> pending = stackalloc Sha256Digest[32];
        var count = 0;
        foreach (ref readonly var node in nodes)
        {
            var carried = node;
            var h = 0;
            for (; (count >> h & 1) != 0; h++)
                carried = Combine(pending[h], carried);
            pending[h] = carried;
            count++;
        }
        return Close(pending, count, level, height, partialAt: -1, out _);
    }

    /// <summary>Root over nodes of one level, padded to the next power of two.</summary>
    public static Sha256Digest Root(ReadOnlySpan<Sha256Digest> nodes, int level) =>
        Root(nodes, level, Height(nodes.Length));

    // Pads what is pending up to 2^height nodes and returns the root; on the way hands out the padded, not yet whole
    // node at the level partialAt, or null where that node is whole or absent.
    internal static Sha256Digest Close(
        ReadOnlySpan<Sha256Digest> pending,
        long count,
        int level,
        int height,
        int partialAt,
        out Sha256Digest? partial
    )
    {
        partial = null;
        Sha256Digest? right = null;
        for (var h = 0; h < height; h++)
        {
            if (h == partialAt)
                partial = right;
            if ((count >> h & 1) != 0)
                right = Combine(pending[h], right ?? Padding(level + h));
            else if (right is { } alone)
                right = Combine(alone, Padding(level + h));
        }
        if (height == partialAt)
            partial = right;
        return right ?? pending[height];
    }

    private static Sha256Digest[] MakePaddings()
    {
        var paddings = new Sha256Digest[MaxLevels + 1];
        for (var level = 1; level <= MaxLevels; level++)
            paddings[level] = Combine(paddings[level - 1], paddings[level - 1]);
        return paddings;
    }
}
