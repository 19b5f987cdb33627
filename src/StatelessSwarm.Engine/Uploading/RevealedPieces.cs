using StatelessSwarm.Engine.Picking;

namespace StatelessSwarm.Engine.Uploading;

/// <summary>What a super-seed has shown one peer (BEP 16), and how far it was given.</summary>
internal sealed class RevealedPieces(int pieceCount)
{
    private readonly List<(int Piece, int LeftBytes)> _stock = [];
    private readonly Queue<(int Piece, long At)> _order = new();

    /// <summary>Pieces shown; only these are served.</summary>
    public PieceSet Set { get; } = new(pieceCount);

    /// <summary>Pieces shown and not yet sent whole.</summary>
    public int Stock => _stock.Count;

    /// <summary>Pieces shown that no other peer has yet.</summary>
    public int Unseen { get; set; }

    /// <summary>A piece is shown at <paramref name="now"/>.</summary>
    public void Add(int piece, long now)
    {
        if (Set.Add(piece))
            Unseen++;
        _stock.Add((piece, -1));
        _order.Enqueue((piece, now));
    }

    /// <summary>A block was sent; true when its piece was sent whole with it.</summary>
    public bool Gave(int piece, int bytes, int pieceBytes)
    {
        for (var index = 0; index < _stock.Count; index++)
        {
            if (_stock[index].Piece != piece)
                continue;
            var left = (_stock[index].LeftBytes < 0 ? pieceBytes : _stock[index].LeftBytes) - bytes;
            if (left > 0)
                _stock[index] = (piece, left);
            else
                _stock.RemoveAt(index);
            return left <= 0;
        }
        return false;
    }

    /// <summary>The oldest piece shown before <paramref name="time"/>, once; it no longer counts as stock.</summary>
    public bool TryTakeOlderThan(long time, out int piece)
    {
        piece = -1;
        if (!_order.TryPeek(out var oldest) || oldest.At > time)
            return false;
        _order.Dequeue();
        piece = oldest.Piece;
        var taken = piece;
        _stock.RemoveAll(entry => entry.Piece == taken);
        return true;
    }
}
