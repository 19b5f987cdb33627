using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Torrents;

/// <summary>
/// The info dictionary of a torrent (BEP 3, 27, 47, 52), immutable. Knows how the piece space maps to files.
/// <para><see cref="WireLength"/> is what v1 calls the length of a piece (pad bytes included);
/// <see cref="ContentLength"/> is the part of it that belongs to a file, which is what v2 hashes and what a node
/// requests. They differ only in pieces that end with pad bytes. In v1-only torrents a piece may span files.</para>
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

    /// <summary>Longest <see cref="Authority"/>: 16 KiB.</summary>
    public const int MaxAuthorityLength = 16 * 1024;

    /// <summary>Most content bytes: 16 TiB.</summary>
    public const long MaxContentBytes = 1L << 44;

    private readonly TorrentFile[] _files;
    private readonly ReadOnlyMemory<byte> _v1Pieces;
    private readonly long _wireBytes;

    // The files that have bytes, in the order of the piece space, and where each begins.
    private readonly int[] _contentFiles;
    private readonly long[] _contentOffsets;

    private TorrentInfo(Draft draft)
    {
        RawBytes = draft.Raw;
        Name = draft.Name;
        V1Hash = draft.V1Hash;
        V2Hash = draft.V2Hash;
        WireHashes = [.. new[] { V1Hash, V2Hash is { } v2 ? InfoHash.Truncate(v2) : null }.OfType<InfoHash>()];
        IsPrivate = draft.IsPrivate;
        Authority = draft.Authority;
        IsMultiFile = draft.IsMultiFile;
        PieceLength = draft.PieceLength;
        _files = draft.Files;
        _v1Pieces = draft.V1Pieces;
        _wireBytes = draft.WireBytes;
        PieceCount = (int)DivideUp(_wireBytes, PieceLength);
        foreach (var file in _files)
            ContentBytes += file.Length;
        _contentFiles = Enumerable.Range(0, _files.Length).Where(i => _files[i].Length > 0).ToArray();
        _contentOffsets = Array.ConvertAll(_contentFiles, i => _files[i].Offset);
    }

    /// <summary>The exact bytes that the info hashes cover; what BEP 9 transfers.</summary>
    public ReadOnlyMemory<byte> RawBytes { get; }

    /// <summary>Suggested name: of the file, or of the directory that holds the files.</summary>
    public string Name { get; }

    /// <summary>v1 info hash (SHA-1), or null for v2-only torrents.</summary>
    public InfoHash? V1Hash { get; }

    /// <summary>v2 info hash (SHA-256), or null for v1-only torrents.</summary>
    public Sha256Digest? V2Hash { get; }

    /// <summary>The names it goes by on the wire, one or two: the v1 hash, then the v2 hash cut to 20 bytes.</summary>
    public IReadOnlyList<InfoHash> WireHashes { get; }

    /// <summary>True when the torrent is private (BEP 27): tracker peers only.</summary>
    public bool IsPrivate { get; }

    /// <summary>
    /// The certificate (PEM, as it stands in <c>ssl-cert</c>, see libtorrent's manual, "SSL torrents") whose holders alone take part in
    /// a closed swarm: peers talk TLS and each shows a certificate signed by it. Null for an open torrent.
    /// </summary>
    public string? Authority { get; }

    /// <summary>True when files lie in a directory called <see cref="Name"/>; false for a single file.</summary>
    public bool IsMultiFile { get; }

    /// <summary>Nominal bytes per piece, 16 KiB to 64 MiB: a power of two, in v1-only torrents any multiple of 16 KiB.</summary>
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
    /// Bytes of the piece as requests may count them: the piece length, less in the torrent's last piece. In v2-only torrents the
    /// pad bytes after a file are implied, the last one included: libtorrent asks for them there as it does between files.
    /// </summary>
    public int WireLength(PieceIndex piece)
    {
        CheckIndex(piece);
        return V1Hash is null ? PieceLength : (int)Math.Min(PieceLength, _wireBytes - (long)piece.Value * PieceLength);
    }

    /// <summary>
    /// Bytes from the start of the piece to the last one that belongs to a file: what is fetched. At least 1. In v1-only torrents pad
    /// bytes may lie among them; elsewhere all of them are one file's.
    /// </summary>
    public int ContentLength(PieceIndex piece)
    {
        var start = StartOf(piece);
        var end = start + WireLength(piece);
        var last = _files[_contentFiles[PlaceAt(end - 1)]];
        return (int)(Math.Min(end, last.Offset + last.Length) - start);
    }

    /// <summary>Bytes of the piece that belong to files, pad bytes not counted.</summary>
    public int FileBytes(PieceIndex piece)
    {
        var bytes = ContentLength(piece);
        if (V2Hash is not null)
            return bytes;
        var inFiles = 0;
        foreach (var span in SpansOf(new BlockRange(piece, 0, bytes)))
            inFiles += span.IsPad ? 0 : span.Length;
        return inFiles;
    }

    /// <summary>Number of 16 KiB blocks in <see cref="ContentLength"/>, the last one possibly short.</summary>
    public int BlockCount(PieceIndex piece) => (int)MerkleBlocks(ContentLength(piece));

    /// <summary>
    /// The file that holds the piece (v2 and hybrid: exactly one) and the piece's first byte in it. In v1-only torrents the
    /// file that holds the piece's first byte (or the one after it, when that is a pad byte). Logarithmic in the files.
    /// </summary>
    public (int FileIndex, long FileOffset) Locate(PieceIndex piece)
    {
        var position = StartOf(piece);
        var place = PlaceAt(position);
        if (place < 0 || position >= _contentOffsets[place] + _files[_contentFiles[place]].Length)
            return (_contentFiles[place + 1], 0);
        return (_contentFiles[place], position - _contentOffsets[place]);
    }

    /// <summary>The files that a stretch of a piece lies in, pad between and behind them included.</summary>
    /// <param name="block">Inside the piece length.</param>
    public FileSpans SpansOf(BlockRange block)
    {
        var position = StartOf(block.Piece) + block.Begin;
        return new FileSpans(_files, _contentFiles, PlaceAt(position), position, block.Length);
    }

    /// <summary>The pieces that hold a file's bytes: first one and their number, 0 for an empty file.</summary>
    public (PieceIndex First, int Count) PiecesOf(int fileIndex)
    {
        var file = _files[fileIndex];
        var first = (int)(file.Offset / PieceLength);
        return (new PieceIndex(first), file.Length == 0 ? 0 : (int)((file.Offset + file.Length - 1) / PieceLength) - first + 1);
    }

    /// <summary>The 20-byte SHA-1 of the piece (v1 and hybrid); empty for v2-only torrents.</summary>
    public ReadOnlySpan<byte> V1PieceHash(PieceIndex piece)
    {
        CheckIndex(piece);
        return _v1Pieces.IsEmpty ? default : _v1Pieces.Span.Slice(piece.Value * V1HashSize, V1HashSize);
    }

    internal static long DivideUp(long value, long by) => value / by + (value % by == 0 ? 0 : 1);

    private long StartOf(PieceIndex piece)
    {
        CheckIndex(piece);
        return (long)piece.Value * PieceLength;
    }

    // Place in _contentFiles of the last file that begins at or before the position; -1 in front of the first.
    private int PlaceAt(long position)
    {
        var at = Array.BinarySearch(_contentOffsets, position);
        return at >= 0 ? at : ~at - 1;
    }

    private static long MerkleBlocks(long bytes) => DivideUp(bytes, BlockRange.BlockSize);

    private void CheckIndex(PieceIndex piece)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(piece.Value, nameof(piece));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(piece.Value, PieceCount, nameof(piece));
    }
}
