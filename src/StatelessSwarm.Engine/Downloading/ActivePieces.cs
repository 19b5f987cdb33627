namespace StatelessSwarm.Engine.Downloading;

/// <summary>Pieces being fetched: by index, and as a list in a deterministic order. Objects are reused.</summary>
internal sealed class ActivePieces(int pieceCount, int blocksPerPiece)
{
    private const int None = -1;

    private readonly List<ActivePiece> _list = [];
    private readonly Stack<ActivePiece> _free = new();
    private readonly int[] _places = NewPlaces(pieceCount);

    /// <summary>Pieces being fetched.</summary>
    public int Count => _list.Count;

    /// <summary>By place.</summary>
    public ActivePiece this[int place] => _list[place];

    /// <summary>The piece, if it is being fetched.</summary>
    public ActivePiece? Find(int piece) => _places[piece] == None ? null : _list[_places[piece]];

    /// <summary>Starts a piece.</summary>
    public ActivePiece Start(int piece, int blockCount, long now)
    {
        if (!_free.TryPop(out var active))
            active = new ActivePiece(blocksPerPiece);
        active.Reset(piece, blockCount);
        active.StartedAt = now;
        active.ProgressAt = now;
        active.Place = _list.Count;
        _places[piece] = _list.Count;
        _list.Add(active);
        return active;
    }

    /// <summary>Ends a piece, done or given up. The object must not be used any more.</summary>
    public void End(ActivePiece active)
    {
        var last = _list[^1];
        _list[active.Place] = last;
        last.Place = active.Place;
        _places[last.Piece] = active.Place;
        _places[active.Piece] = None;
        _list.RemoveAt(_list.Count - 1);
        active.Forget();
        active.Owner = null;
        _free.Push(active);
    }

    private static int[] NewPlaces(int pieceCount)
    {
        var places = new int[pieceCount];
        Array.Fill(places, None);
        return places;
    }
}
