using System.Buffers.Binary;
using StatelessSwarm.Content.Bencoding;
using StatelessSwarm.Content.Merkle;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Testing.Torrents;

/// <summary>
/// A v2 torrent whose blocks have hashes but no bytes: the leaf of block n is the SHA-256 of its number. Everything above the leaves
/// is real, so that <see cref="PieceLayers.Verify"/> does its full work.
/// </summary>
public sealed class SyntheticTorrent
{
    private readonly Sha256Digest[] _leaves;
    private readonly int _blocksPerPiece;

    public SyntheticTorrent(long bytes, int pieceLength, bool isPrivate = false)
    {
        _blocksPerPiece = pieceLength / BlockRange.BlockSize;
        _leaves = new Sha256Digest[MerkleHash.BlockCount(bytes)];
        Span<byte> number = stackalloc byte[8];
        var builder = new MerkleBuilder(int.Log2(_blocksPerPiece));
        for (var block = 0; block < _leaves.Length; block++)
        {
            BinaryPrimitives.WriteInt64BigEndian(number, block);
            _leaves[block] = Sha256Digest.HashData(number);
            builder.AppendLeaf(_leaves[block]);
        }
        var root = builder.Finish();
        Info = TorrentInfo.Parse(MakeInfo(bytes, pieceLength, root, isPrivate));
        V1Info = TorrentInfo.Parse(MakeV1Info(bytes, pieceLength, Info.PieceCount));
        var layer = new byte[builder.Layer.Count * Sha256Digest.Size];
        for (var piece = 0; piece < builder.Layer.Count; piece++)
            builder.Layer[piece].CopyTo(layer.AsSpan(piece * Sha256Digest.Size));
        Layers = PieceLayers.Create(Info, new Dictionary<Sha256Digest, ReadOnlyMemory<byte>> { [root] = layer });
    }

    public TorrentInfo Info { get; }

    /// <summary>A v1-only torrent of the same shape, with hashes that nothing has.</summary>
    public TorrentInfo V1Info { get; }

    public PieceLayers Layers { get; }

    public IEnumerable<PieceIndex> AllPieces => Enumerable.Range(0, Info.PieceCount).Select(piece => new PieceIndex(piece));

    public Sha256Digest Leaf(BlockRange block) => _leaves[block.Piece.Value * _blocksPerPiece + block.BlockIndex];

    /// <summary>The leaves of all blocks of a piece.</summary>
    public Sha256Digest[] LeavesOf(PieceIndex piece) =>
        _leaves.AsSpan(piece.Value * _blocksPerPiece, Info.BlockCount(piece)).ToArray();

    private static byte[] MakeV1Info(long bytes, int pieceLength, int pieceCount)
    {
        var writer = new BencodeWriter();
        writer.StartDictionary();
        writer.WriteEntry("length"u8, bytes);
        writer.WriteEntry("name"u8, "root.squashfs");
        writer.WriteEntry("piece length"u8, pieceLength);
        writer.WriteEntry("pieces"u8, new byte[TorrentInfo.V1HashSize * pieceCount]);
        writer.End();
        return writer.ToArray();
    }

    private static byte[] MakeInfo(long bytes, int pieceLength, Sha256Digest root, bool isPrivate)
    {
        var writer = new BencodeWriter();
        writer.StartDictionary();
        writer.WriteKey("file tree"u8);
        writer.StartDictionary();
        writer.WriteKey("root.squashfs"u8);
        writer.StartDictionary();
        writer.WriteKey(""u8);
        writer.StartDictionary();
        writer.WriteEntry("length"u8, bytes);
        writer.WriteEntry("pieces root"u8, root.AsSpan());
        writer.End();
        writer.End();
        writer.End();
        writer.WriteEntry("meta version"u8, 2);
        writer.WriteEntry("name"u8, "image");
        writer.WriteEntry("piece length"u8, pieceLength);
        if (isPrivate)
            writer.WriteEntry("private"u8, 1);
        writer.End();
        return writer.ToArray();
    }
}
