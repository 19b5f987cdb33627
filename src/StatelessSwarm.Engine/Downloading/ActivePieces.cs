namespace StatelessSwarm.Engine.Downloading;

/// <summary>
/// Pieces being fetched: by index, and as a list in a deterministic order. A whole piece that is being checked is out of the list, but
/// still found by its index. Objects are reused.
/// </summary>
internal sealed class ActivePieces(int pieceCount, int blocksPerPiece)
{
    private const int None = -1;

    // Places below None are those of pieces being checked, counted downwards.
    private const int FirstChecking = -2;

    private readonly List<ActivePiece> _list = [];
    private readonly List<ActivePiece> _checking = [];
    private readonly Stack<ActivePiece> _free = new();
    private readonly int[] _places = NewPlaces(pieceCount);

    /// <summary>Pieces being fetched.</summary>
    public int Count => _list.Count;

    /// <summary>By place.</summary>
    public ActivePiece this[int place] => _list[place];

    /// <summary>The piece, if it is being fetched or checked.</summary>
    public ActivePiece? Find(int piece) =>
        _places[piece] switch
        {
            None => null,
            < None and var place => _checking[FirstChecking - place],
            var place => _list[place],
        };

    /// <summary>Starts a piece.</summary>
    public ActivePiece Start(int piece, int blockCount, PieceGaps? gaps, long now)
    {
        if (!_free.TryPop(out var active))
            active = new ActivePiece(blocksPerPiece);
        active.Reset(piece, blockCount, gaps);
        active.StartedAt = now;
        active.ProgressAt = now;
        active.Place = _list.Count;
        _places[piece] = _list.Count;
        _list.Add(active);
        return active;
    }

    /// <summary>The piece is whole, and is being checked from here on.</summary>
    public void BeginCheck(ActivePiece active)
    {
        TakeOut(active);
        active.Owner = null;
        active.IsChecking = true;
        active.Place = _checking.Count;
        _places[active.Piece] = FirstChecking - active.Place;
        _checking.Add(active);
    }

    /// <summary>The piece was checked and is wrong: it is in the list again, without an owner.</summary>
    public void EndCheck(ActivePiece active)
    {
        TakeOutOfChecks(active);
        active.IsChecking = false;
        active.Place = _list.Count;
        _places[active.Piece] = _list.Count;
        _list.Add(active);
    }

    /// <summary>Ends a piece, done or given up. The object must not be used any more.</summary>
    public void End(ActivePiece active)
    {
        if (active.IsChecking)
            TakeOutOfChecks(active);
        else
            TakeOut(active);
        _places[active.Piece] = None;
        active.Forget();
        active.Owner = null;
        _free.Push(active);
    }

    private void TakeOutOfChecks(ActivePiece active)
    {
        var last = _checking[^1];
        _checking[active.Place] = last;
        last.Place = active.Place;
        _places[last.Piece] = FirstChecking - active.Place;
        _checking.RemoveAt(_checking.Count - 1);
    }

    private void TakeOut(ActivePiece active)
    {
        var last = _list[^1];
        _list[active.Place] = last;
        last.Place = active.Place;
        _places[last.Piece] = active.Place;
        _list.RemoveAt(_list.Count - 1);
    }

    private static int[] NewPlaces(int pieceCount)
    {
        var places = new int[pieceCount];
        Array.Fill(places, None);
        return places;
    }
}
