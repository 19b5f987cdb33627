using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Downloading;

namespace StatelessSwarm.Swarm.Storage;

/// <summary>
/// Sorts stretches of files that are there into pieces: those that are there whole, which are hashed before they count, and those of which
/// something is missing. Only for torrents whose files begin with pieces of their own (v2 and hybrid).
/// </summary>
internal sealed class KnownPieces
{
    private readonly List<PieceIndex> _whole = [];
    private readonly List<KeyValuePair<PieceIndex, PieceGaps>> _parts = [];

    /// <param name="info">The torrent.</param>
    /// <param name="needed">Pieces that are verified are left out.</param>
    /// <param name="stretches">What is there, in any order; may overlap.</param>
    public KnownPieces(TorrentInfo info, NeededStretches needed, IEnumerable<KnownStretch> stretches)
    {
        var inPiece = new List<(int Begin, int Length)>();
        var at = -1;
        foreach (var (start, end) in Merge(info, stretches))
        {
            for (var from = start; from < end; )
            {
                var piece = checked((int)(from / info.PieceLength));
                if (piece != at)
                    Close(info, needed, at, inPiece);
                at = piece;
                var begin = (int)(from % info.PieceLength);
                var length = (int)Math.Min(end - from, info.PieceLength - begin);
                inPiece.Add((begin, length));
                from += length;
            }
        }
        Close(info, needed, at, inPiece);
    }

    /// <summary>All of their bytes are there.</summary>
    public IReadOnlyList<PieceIndex> Whole => _whole;

    /// <summary>Something is there, and something missing.</summary>
    public IReadOnlyList<KeyValuePair<PieceIndex, PieceGaps>> Parts => _parts;

    private void Close(TorrentInfo info, NeededStretches needed, int piece, List<(int Begin, int Length)> inPiece)
    {
        if (inPiece.Count == 0)
            return;
        var index = new PieceIndex(piece);
        var content = info.ContentLength(index);
        var (file, fileOffset) = info.Locate(index);
        if (needed.Contains(file, fileOffset, content))
        {
            var gaps = new PieceGaps(content, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(inPiece));
            if (gaps.HasGap)
                _parts.Add(KeyValuePair.Create(index, gaps));
            else
                _whole.Add(index);
        }
        inPiece.Clear();
    }

    /// <summary>Stretches of the whole torrent, ascending, apart from each other.</summary>
    private static IEnumerable<(long Start, long End)> Merge(TorrentInfo info, IEnumerable<KnownStretch> stretches)
    {
        var sorted = new List<(long Start, long End)>();
        foreach (var stretch in stretches)
        {
            var file = info.Files[stretch.File];
            ArgumentOutOfRangeException.ThrowIfNegative(stretch.Offset, nameof(stretches));
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(stretch.Length, nameof(stretches));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(stretch.Offset + stretch.Length, file.Length, nameof(stretches));
            sorted.Add((file.Offset + stretch.Offset, file.Offset + stretch.Offset + stretch.Length));
        }
        sorted.Sort();
        var (start, end) = (-1L, -1L);
        foreach (var next in sorted)
        {
            if (next.Start <= end)
            {
                end = Math.Max(end, next.End);
                continue;
            }
            if (end > start)
                yield return (start, end);
            (start, end) = next;
        }
        if (end > start)
            yield return (start, end);
    }
}
