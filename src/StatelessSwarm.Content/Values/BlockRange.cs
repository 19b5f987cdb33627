namespace StatelessSwarm.Content.Values;

/// <summary>
/// A stretch of one piece as a request names it (BEP 3): piece, first byte, byte count. A block is the aligned
/// 16 KiB stretch that is also a Merkle leaf (BEP 52); a request may be any stretch inside the piece.
/// </summary>
/// <param name="Piece">The piece.</param>
/// <param name="Begin">First byte, counted from the start of the piece.</param>
/// <param name="Length">Byte count.</param>
public readonly record struct BlockRange(PieceIndex Piece, int Begin, int Length)
{
    /// <summary>Bytes in a block, the Merkle leaf of BEP 52 and the request size of BEP 3: 16 KiB.</summary>
    public const int BlockSize = 16 * 1024;

    /// <summary>The block that holds the first byte, counted from 0 inside the piece.</summary>
    public int BlockIndex => Begin / BlockSize;
}
