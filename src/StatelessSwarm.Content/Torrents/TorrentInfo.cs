using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Torrents;

/// <summary>
/// The info dictionary of a torrent (BEP 3, 27, 47, 52), immutable. Knows how the piece space maps to files.
/// <para><see cref="WireLength"/> is what v1 calls the length of a piece (pad bytes included);
/// <see cref="ContentLength"/> is the part of it that belongs to a file, which is what v2 hashes and what a node
/// requests. They differ only in the last piece of a file in hybrid torrents.</para>
/// </summary>
public sealed partial class TorrentInfo
{
    /// <summary>Bytes of SHA-1 per piece in v1.</summary>
    public const int V1HashSize = 20;

    /// <summary>Smallest piece length: one block.</summary>
    public const int MinPieceLength = BlockRange.BlockSize;

    /// <summary>Largest piece length: 64 MiB.</summary>
    public const int MaxPieceLength = 64 * 1024 * 1024;

    /// <summary>Most pieces: 2^22, 1 TiB in 256 KiB pieces. Bounds what a peer's bitfield may ask us to hold.</summary>
    public const int MaxPieces = 1 << 22;

    /// <summary>Most files, pad files not counted.</summary>
    public const int MaxFiles = 65_536;

    /// <summary>Most content bytes: 16 TiB.</summary>
    public const long MaxContentBytes = 1L << 44;

    private readonly TorrentFile[] _files;
    private readonly ReadOnlyMemory<byte> _v1Pieces;
    private readonly long _wireBytes;

    // First piece of each file in order, and the file's index; only files that have pieces, only in v2 and hybrid.
    private readonly int[] _firstPieces;
    private readonly int[] _pieceFiles;

    private TorrentInfo(Draft draft)
    {
        RawBytes = draft.Raw;
        Name = draft.Name;
        V1Hash = draft.V1Hash;
        V2Hash = draft.V2Hash;
        IsPrivate = draft.IsPrivate;
        IsMultiFile = draft.IsMultiFile;
        PieceLength = draft.PieceLength;
        _files = draft.Files;
        _v1Pieces = draft.V1Pieces;
        _wireBytes = draft.WireBytes;
        PieceCount = (int)DivideUp(_wireBytes, PieceLength);
        foreach (var file in _files)
            ContentBytes += file.Length;
        _firstPieces = [];
        _pieceFiles = [];
        if (V2Hash is not null)
        {
            _pieceFiles = Enumerable.Range(0, _files.Length).Where(i => _files[i].Length > 0).ToArray();
            _firstPieces = Array.ConvertAll(_pieceFiles, i => (int)(_files[i].Offset / PieceLength));
        }
    }

    /// <summary>The exact bytes that the info hashes cover; what BEP 9 transfers.</summary>
    public ReadOnlyMemory<byte> RawBytes { get; }

    /// <summary>Suggested name: of the file, or of the directory that holds the files.</summary>
    public string Name { get; }

    /// <summary>v1 info hash (SHA-1), or null for v2-only torrents.</summary>
    public InfoHash? V1Hash { get; }

    /// <summary>v2 info hash (SHA-256), or null for v1-only torrents.</summary>
    public Sha256Digest? V2Hash { get; }

    /// <summary>True when the torrent is private (BEP 27): tracker peers only.</summary>
    public bool IsPrivate { get; }

    /// <summary>True when files lie in a directory called <see cref="Name"/>; false for a single file.</summary>
    public bool IsMultiFile { get; }

    /// <summary>Nominal bytes per piece: a power of two, 16 KiB to 64 MiB.</summary>
    public int PieceLength { get; }

    /// <summary>Number of pieces.</summary>
    public int PieceCount { get; }

    /// <summary>Sum of the files' lengths, without pad bytes.</summary>
    public long ContentBytes { get; }

    /// <summary>Bytes in the piece space, pad bytes included.</summary>
    public long WireBytes => _wireBytes;

    /// <summary>Blocks in a whole piece.</summary>
    public int BlocksPerPiece => PieceLength / BlockRange.BlockSize;

    /// <summary>Level of the piece hashes in the Merkle trees: log2 of <see cref="BlocksPerPiece"/>.</summary>
    public int PieceLevel => int.Log2(BlocksPerPiece);

    /// <summary>Payload files in piece order.</summary>
    public IReadOnlyList<TorrentFile> Files => _files;

    /// <summary>
    /// Bytes of the piece as v1 counts them: the piece length, less in the torrent's last piece. In v2-only torrents the
    /// pad bytes after a file are implied.
    /// </summary>
    public int WireLength(PieceIndex piece)
    {
        CheckIndex(piece);
        return (int)Math.Min(PieceLength, _wireBytes - (long)piece.Value * PieceLength);
    }

    /// <summary>Bytes of the piece that belong to a file (v2 and hybrid); equal to <see cref="WireLength"/> in v1.</summary>
    public int ContentLength(PieceIndex piece)
    {
        if (V2Hash is null)
            return WireLength(piece);
        var (file, offset) = Locate(piece);
        return (int)Math.Min(PieceLength, _files[file].Length - offset);
    }

    /// <summary>Number of 16 KiB blocks in <see cref="ContentLength"/>, the last one possibly short.</summary>
    public int BlockCount(PieceIndex piece) => (int)MerkleBlocks(ContentLength(piece));

    /// <summary>
    /// The file that holds the piece (v2 and hybrid: exactly one) and the piece's first byte in it. In v1-only torrents the
    /// file that holds the piece's first byte (or the one after it, when that is a pad byte).
    /// </summary>
    public (int FileIndex, long FileOffset) Locate(PieceIndex piece)
    {
        CheckIndex(piece);
        var position = (long)piece.Value * PieceLength;
        if (V2Hash is null)
        {
            var holder = Array.FindIndex(_files, file => file.Offset + file.Length > position);
            return holder < 0 ? (_files.Length, 0) : (holder, Math.Max(0, position - _files[holder].Offset));
        }
        var at = Array.BinarySearch(_firstPieces, piece.Value);
        var index = _pieceFiles[at >= 0 ? at : ~at - 1];
        return (index, position - _files[index].Offset);
    }

    /// <summary>The pieces that hold a file's bytes (v2 and hybrid): first one and their number, 0 for an empty file.</summary>
    public (PieceIndex First, int Count) PiecesOf(int fileIndex)
    {
        var file = _files[fileIndex];
        return (new PieceIndex((int)(file.Offset / PieceLength)), (int)DivideUp(file.Length, PieceLength));
    }

    /// <summary>The 20-byte SHA-1 of the piece (v1 and hybrid); empty for v2-only torrents.</summary>
    public ReadOnlySpan<byte> V1PieceHash(PieceIndex piece)
    {
        CheckIndex(piece);
        return _v1Pieces.IsEmpty ? default : _v1Pieces.Span.Slice(piece.Value * V1HashSize, V1HashSize);
    }

    internal static long DivideUp(long value, long by) => value / by + (value % by == 0 ? 0 : 1);

    private static long MerkleBlocks(long bytes) => DivideUp(bytes, BlockRange.BlockSize);

    private void CheckIndex(PieceIndex piece)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(piece.Value, nameof(piece));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(piece.Value, PieceCount, nameof(piece));
    }
}
