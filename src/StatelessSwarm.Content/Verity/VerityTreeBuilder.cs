using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Verity;

/// <summary>
/// Builds a dm-verity hash tree (Linux Documentation/admin-guide/device-mapper/verity.rst; cryptsetup
/// <c>veritysetup format --no-superblock</c>): SHA-256, 4096-byte data and hash blocks, format 1. A digest covers salt, then
/// block; a hash block holds 128 digests, zero-padded at the end of its level; levels lie on disk root first.
/// <para>Data comes in order, in pieces of any size; memory is one hash block per level. The root hash of a single data
/// block is that block's own digest, and there is no tree.</para>
/// </summary>
public sealed class VerityTreeBuilder
{
    /// <summary>Bytes in a data block and in a hash block.</summary>
    public const int BlockSize = 4096;

    /// <summary>Longest salt.</summary>
    public const int MaxSaltBytes = 256;

    private const int DigestsPerBlock = BlockSize / Sha256Digest.Size;

    private readonly long _dataBytes;
    private readonly Stream? _tree;
    private readonly long _treeStart;
    private readonly int _saltLength;

    // The salt, and room for a block behind it: the message of one hash.
    private readonly byte[] _message;
    private readonly byte[] _partial = new byte[BlockSize];
    private readonly Level[] _levels;
    private int _partialBytes;
    private long _taken;
    private Sha256Digest _last;
    private bool _finished;

    /// <summary>A builder at the start of the data.</summary>
    /// <param name="dataBytes">Length of the data: a positive multiple of 4096 (image builders pad to it).</param>
    /// <param name="salt">0 to 256 bytes.</param>
    /// <param name="tree">Receives <see cref="TreeBytes"/> bytes from its current position on; seekable, not disposed. Null
    /// when only the root hash is wanted.</param>
    /// <exception cref="ContentException">The length is not a multiple of 4096, or the salt is too long.</exception>
    public VerityTreeBuilder(long dataBytes, ReadOnlySpan<byte> salt, Stream? tree = null)
    {
        if (dataBytes <= 0 || dataBytes % BlockSize != 0)
            throw new ContentException($"verity: data of {dataBytes} bytes: expected a positive multiple of {BlockSize}");
        if (salt.Length > MaxSaltBytes)
            throw new ContentException($"verity: salt of {salt.Length} bytes: expected at most {MaxSaltBytes}");
        if (tree is { CanSeek: false })
            throw new ArgumentException("The tree is written level by level: its stream must seek.", nameof(tree));
        _dataBytes = dataBytes;
        _saltLength = salt.Length;
        _message = new byte[salt.Length + BlockSize];
        salt.CopyTo(_message);
        _tree = tree;
        _treeStart = tree?.Position ?? 0;
        var blocks = LevelBlocks(dataBytes);
        _levels = new Level[blocks.Count];
        long offset = 0;
        for (var level = blocks.Count - 1; level >= 0; level--)
        {
            _levels[level] = new Level(offset);
            offset += blocks[level] * BlockSize;
        }
    }

    /// <summary>Bytes of the tree over data of that length, without superblock.</summary>
    public static long TreeBytes(long dataBytes) => LevelBlocks(dataBytes).Sum() * BlockSize;

    /// <summary>Root hash of data in memory.</summary>
    public static Sha256Digest RootHash(ReadOnlySpan<byte> data, ReadOnlySpan<byte> salt)
    {
        var builder = new VerityTreeBuilder(data.Length, salt);
        builder.Append(data);
        return builder.Finish();
    }

    /// <summary>Takes the next bytes of the data.</summary>
    /// <exception cref="ContentException">More bytes than said.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_finished)
            throw new InvalidOperationException("The tree is finished.");
        if (bytes.Length > _dataBytes - _taken)
            throw new ContentException($"verity: expected {_dataBytes} bytes of data, there are more");
        _taken += bytes.Length;
        if (_partialBytes > 0)
        {
            var count = Math.Min(bytes.Length, BlockSize - _partialBytes);
            bytes[..count].CopyTo(_partial.AsSpan(_partialBytes));
            _partialBytes += count;
            bytes = bytes[count..];
            if (_partialBytes < BlockSize)
                return;
            AppendDigest(0, Hash(_partial));
            _partialBytes = 0;
        }
        while (bytes.Length >= BlockSize)
        {
            AppendDigest(0, Hash(bytes[..BlockSize]));
            bytes = bytes[BlockSize..];
        }
        bytes.CopyTo(_partial);
        _partialBytes = bytes.Length;
    }

    /// <summary>Ends the data; the tree is written to its end after this (flushing the stream is the caller's).</summary>
    /// <returns>The root hash.</returns>
    /// <exception cref="ContentException">Fewer bytes than said.</exception>
    public Sha256Digest Finish()
    {
        if (_taken != _dataBytes)
            throw new ContentException($"verity: expected {_dataBytes} bytes of data, there are {_taken}");
        if (_finished)
            throw new InvalidOperationException("The tree is finished.");
        _finished = true;
        for (var level = 0; level < _levels.Length; level++)
        {
            if (_levels[level].Filled > 0)
                EmitBlock(level);
        }
        if (_tree is not null)
            _tree.Position = _treeStart + TreeBytes(_dataBytes);
        return _last;
    }

    // Hash blocks per level, the lowest first, until a level is one block; none over a single data block.
    private static List<long> LevelBlocks(long dataBytes)
    {
        var blocks = new List<long>();
        for (var nodes = dataBytes / BlockSize; nodes > 1; )
        {
            nodes = (nodes + DigestsPerBlock - 1) / DigestsPerBlock;
            blocks.Add(nodes);
        }
        return blocks;
    }

    private Sha256Digest Hash(ReadOnlySpan<byte> block)
    {
        if (_saltLength == 0)
            return Sha256Digest.HashData(block);
        block.CopyTo(_message.AsSpan(_saltLength));
        return Sha256Digest.HashData(_message);
    }

    private void AppendDigest(int level, in Sha256Digest digest)
    {
        _last = digest;
        if (level == _levels.Length)
            return;
        var target = _levels[level];
        digest.CopyTo(target.Block.AsSpan(target.Filled));
        target.Filled += Sha256Digest.Size;
        if (target.Filled == BlockSize)
            EmitBlock(level);
    }

    private void EmitBlock(int level)
    {
        var source = _levels[level];
        source.Block.AsSpan(source.Filled).Clear();
        if (_tree is not null)
        {
            _tree.Position = _treeStart + source.Offset;
            _tree.Write(source.Block);
        }
        source.Offset += BlockSize;
        source.Filled = 0;
        AppendDigest(level + 1, Hash(source.Block));
    }

    private sealed class Level(long offset)
    {
        public byte[] Block { get; } = new byte[BlockSize];

        public int Filled { get; set; }

        /// <summary>Where the next hash block of this level goes in the tree.</summary>
        public long Offset { get; set; } = offset;
    }
}
