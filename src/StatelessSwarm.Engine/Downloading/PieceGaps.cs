using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Engine.Downloading;

/// <summary>
/// What of a piece is still to be fetched when a part of it was on this machine: of each block one stretch, from the first byte that
/// is missing to the last, or nothing. Requests ask for these stretches alone (BEP 3: a request may begin and end anywhere).
/// 4 bytes per block. Not thread-safe: from the start on it is the engine's.
/// </summary>
public sealed class PieceGaps
{
    private readonly int _contentLength;
    private readonly (ushort Begin, ushort Length)[] _gaps;

    /// <summary>The gaps of a piece.</summary>
    /// <param name="contentLength">Bytes of the piece that belong to a file.</param>
    /// <param name="known">What is there: first byte and length, ascending, apart from each other, inside the piece.</param>
    /// <exception cref="ArgumentException">The stretches are not as said.</exception>
    public PieceGaps(int contentLength, ReadOnlySpan<(int Begin, int Length)> known)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(contentLength);
        var end = 0;
        foreach (var (begin, length) in known)
        {
            if (begin < end || length <= 0 || begin + length > contentLength)
                throw new ArgumentException($"Stretch {begin}+{length} of a piece of {contentLength} bytes, after byte {end}.", nameof(known));
            end = begin + length;
        }
        _contentLength = contentLength;
        _gaps = new (ushort, ushort)[(contentLength + BlockRange.BlockSize - 1) / BlockRange.BlockSize];
        for (var block = 0; block < _gaps.Length; block++)
            _gaps[block] = GapOf(block, known);
        HasGap = Array.Exists(_gaps, static gap => gap.Length > 0);
    }

    /// <summary>Anything is missing.</summary>
    public bool HasGap { get; }

    /// <summary>Bytes that are missing, stretches between two gaps of one block included.</summary>
    public int MissingBytes => _gaps.Sum(static gap => gap.Length);

    /// <summary>Blocks of the piece.</summary>
    internal int BlockCount => _gaps.Length;

    /// <summary>Nothing of the block is missing.</summary>
    internal bool IsKnown(int block) => _gaps[block].Length == 0;

    /// <summary>A part of the piece was here, and has not turned out wrong.</summary>
    internal bool HasKnown()
    {
        for (var block = 0; block < _gaps.Length; block++)
        {
            if (HasKnown(block))
                return true;
        }
        return false;
    }

    /// <summary>A part of the block, or all of it, was here.</summary>
    internal bool HasKnown(int block) => _gaps[block].Length < LengthOf(block);

    /// <summary>The missing stretch of a block; its length may be 0.</summary>
    internal BlockRange this[PieceIndex piece, int block] =>
        new(piece, block * BlockRange.BlockSize + _gaps[block].Begin, _gaps[block].Length);

    /// <summary>What was here of the block was wrong: all of it is missing.</summary>
    internal void Drop(int block) => _gaps[block] = (0, (ushort)LengthOf(block));

    /// <summary>All of the piece is missing.</summary>
    internal void Drop()
    {
        for (var block = 0; block < _gaps.Length; block++)
            Drop(block);
    }

    private int LengthOf(int block) => Math.Min(BlockRange.BlockSize, _contentLength - block * BlockRange.BlockSize);

    private (ushort Begin, ushort Length) GapOf(int block, ReadOnlySpan<(int Begin, int Length)> known)
    {
        var start = block * BlockRange.BlockSize;
        var begin = start;
        var end = start + LengthOf(block);
        foreach (var (from, length) in known)
        {
            if (from <= begin && from + length > begin)
                begin = Math.Min(end, from + length);
        }
        for (var place = known.Length - 1; place >= 0 && end > begin; place--)
        {
            var (from, length) = known[place];
            if (from < end && from + length >= end)
                end = Math.Max(begin, from);
        }
        return begin == end ? default : ((ushort)(begin - start), (ushort)(end - begin));
    }
}
