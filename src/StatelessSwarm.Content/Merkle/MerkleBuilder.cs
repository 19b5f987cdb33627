using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Merkle;

/// <summary>
/// Builds the tree of a file from its bytes in order, keeping one node per level and, if asked, one layer: a 10 GB file
/// in 4 MiB pieces needs 80 KB. Not thread-safe.
/// </summary>
public sealed class MerkleBuilder
{
    private readonly Sha256Digest[] _pending = new Sha256Digest[MerkleHash.MaxLevels + 1];
    private readonly byte[] _block = new byte[BlockRange.BlockSize];
    private readonly List<Sha256Digest> _layer = [];
    private readonly int _layerLevel;
    private int _blockBytes;
    private long _leaves;
    private bool _finished;

    /// <summary>A builder at the start of a file.</summary>
    /// <param name="layerLevel">Level of the layer to keep (log2 of the blocks per piece), or -1 for none.</param>
    public MerkleBuilder(int layerLevel = -1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(layerLevel, -1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(layerLevel, MerkleHash.MaxLevels);
        _layerLevel = layerLevel;
    }

    /// <summary>Takes the file's next bytes, any number of them.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_blockBytes > 0)
        {
            var taken = Math.Min(bytes.Length, _block.Length - _blockBytes);
            bytes[..taken].CopyTo(_block.AsSpan(_blockBytes));
            _blockBytes += taken;
            bytes = bytes[taken..];
            if (_blockBytes < _block.Length)
                return;
            AppendLeaf(Sha256Digest.HashData(_block));
            _blockBytes = 0;
        }
        while (bytes.Length >= BlockRange.BlockSize)
        {
            AppendLeaf(Sha256Digest.HashData(bytes[..BlockRange.BlockSize]));
            bytes = bytes[BlockRange.BlockSize..];
        }
        bytes.CopyTo(_block);
        _blockBytes = bytes.Length;
    }

    /// <summary>Takes the digest of the next whole block; not between parts of a block.</summary>
    public void AppendLeaf(in Sha256Digest leaf)
    {
        if (_finished)
            throw new InvalidOperationException("The tree is finished.");
        var carried = leaf;
        for (var level = 0; ; level++)
        {
            if (level == _layerLevel)
                _layer.Add(carried);
            if ((_leaves >> level & 1) == 0)
            {
                _pending[level] = carried;
                break;
            }
            carried = MerkleHash.Combine(_pending[level], carried);
        }
        _leaves++;
    }

    /// <summary>
    /// Ends the file. The layer is complete after this: empty for a file of one node at that level or less, as BEP 52
    /// leaves it out there.
    /// </summary>
    /// <returns>The root; zero for an empty file.</returns>
    public Sha256Digest Finish()
    {
        if (_blockBytes > 0)
        {
            AppendLeaf(Sha256Digest.HashData(_block.AsSpan(0, _blockBytes)));
            _blockBytes = 0;
        }
        if (_finished)
            throw new InvalidOperationException("The tree is finished.");
        _finished = true;
        if (_leaves == 0)
            return default;
        var height = MerkleHash.Height(_leaves);
        var root = MerkleHash.Close(_pending, _leaves, 0, height, _layerLevel, out var partial);
        if (_layerLevel < 0 || height <= _layerLevel)
            _layer.Clear();
        else if (partial is { } last)
            _layer.Add(last);
        return root;
    }

    /// <summary>The kept layer, complete after <see cref="Finish"/>.</summary>
    public IReadOnlyList<Sha256Digest> Layer => _layer;
}
