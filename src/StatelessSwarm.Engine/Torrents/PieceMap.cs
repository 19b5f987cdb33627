using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Downloading;
using StatelessSwarm.Engine.Picking;

namespace StatelessSwarm.Engine.Torrents;

/// <summary>The pieces of the torrent: their lengths, and which are verified.</summary>
internal sealed class PieceMap
{
    private readonly TorrentInfo _info;
    private readonly int[] _contentLengths;
    private readonly Dictionary<int, PieceGaps> _gaps = [];

    public PieceMap(TorrentInfo info)
    {
        _info = info;
        _contentLengths = new int[info.PieceCount];
        for (var piece = 0; piece < _contentLengths.Length; piece++)
            _contentLengths[piece] = info.ContentLength(new PieceIndex(piece));
        Verified = new PieceSet(info.PieceCount);
    }

    /// <summary>Number of pieces.</summary>
    public int PieceCount => _contentLengths.Length;

    /// <summary>Bytes of a whole piece.</summary>
    public int PieceBytes => _info.PieceLength;

    /// <summary>Blocks of a whole piece.</summary>
    public int BlocksPerPiece => _info.BlocksPerPiece;

    /// <summary>Pieces that may be served.</summary>
    public PieceSet Verified { get; }

    /// <summary>Bytes of files in verified pieces.</summary>
    public long VerifiedBytes { get; private set; }

    /// <summary>True once every piece is verified.</summary>
    public bool IsComplete => Verified.IsFull;

    /// <summary>True for an index of the torrent.</summary>
    public bool IsPiece(int piece) => piece >= 0 && piece < _contentLengths.Length;

    /// <summary>Bytes up to the last one that belongs to a file: what is fetched.</summary>
    public int ContentLength(int piece) => _contentLengths[piece];

    /// <summary>Bytes that a peer may ask for, pad bytes included.</summary>
    public int WireLength(int piece) => _info.WireLength(new PieceIndex(piece));

    /// <summary>All of the piece that is fetched.</summary>
    public BlockRange RangeOf(int piece) => new(new PieceIndex(piece), 0, _contentLengths[piece]);

    /// <summary>Blocks that are fetched.</summary>
    public int BlockCount(int piece) => (_contentLengths[piece] + BlockRange.BlockSize - 1) / BlockRange.BlockSize;

    /// <summary>
    /// The block as we request it; the last of a piece may be short, and where a part was here before, only the rest is asked for. Its
    /// length is 0 when nothing is missing.
    /// </summary>
    public BlockRange BlockAt(int piece, int block)
    {
        if (_gaps.Count > 0 && GapsOf(piece) is { } gaps)
            return gaps[new PieceIndex(piece), block];
        var begin = block * BlockRange.BlockSize;
        return new BlockRange(new PieceIndex(piece), begin, Math.Min(BlockRange.BlockSize, _contentLengths[piece] - begin));
    }

    /// <summary>What is missing of a piece that was here in part; null of one that was not here at all.</summary>
    public PieceGaps? GapsOf(int piece) => _gaps.GetValueOrDefault(piece);

    /// <summary>A part of the piece is here, not verified.</summary>
    public void SetGaps(int piece, PieceGaps gaps)
    {
        if (gaps.BlockCount != BlockCount(piece) || !gaps.HasGap)
            throw new ArgumentException($"Piece {piece}: {gaps.BlockCount} blocks, {gaps.MissingBytes} bytes missing.", nameof(gaps));
        if (!Verified.Contains(piece))
            _gaps[piece] = gaps;
    }

    /// <summary>Records a verified piece; false when it was known.</summary>
    public bool SetVerified(int piece)
    {
        if (!Verified.Add(piece))
            return false;
        _gaps.Remove(piece);
        VerifiedBytes += _info.FileBytes(new PieceIndex(piece));
        return true;
    }
}
