using StatelessSwarm.Engine.Picking;
using StatelessSwarm.Engine.Torrents;

namespace StatelessSwarm.Engine.Leases;

/// <summary>
/// What we brought in under a claim and no neighbour has taken from us yet. A node that cannot hand on what it fetches (a slow
/// uplink) must not fetch more for the others: its claims stop until neighbours have taken the earlier pieces. The limit grows with
/// the pace at which they take, so that it never binds a node that keeps up, and holds only while they do take: neighbours that are
/// there but dead to the world must not stop us.
/// </summary>
internal sealed class SpreadWatch(int pieceCount, EngineClock clock)
{
    /// <summary>
    /// Pieces that may be untaken at any pace; more than <see cref="Downloading.NearBacklog.LeastPieces"/>, without which a slow neighbour
    /// does not notice that it is behind, and both wait.
    /// </summary>
    public const int Least = 12;

    /// <summary>
    /// Seconds' worth of taking that may be untaken beyond that. More than <see cref="Downloading.NearBacklog.LongSeconds"/>: a neighbour that
    /// takes slowly is to notice that it is behind before we stop for it.
    /// </summary>
    public const int TakingSeconds = 4;

    /// <summary>Pieces untaken for so long are forgotten: perhaps nobody near wants them from us.</summary>
    public const int ForgetAfterMs = 20_000;

    /// <summary>Without a block given to a neighbour for so long, nobody is taking, and there is no debt.</summary>
    public const int IdleMs = 3000;

    private readonly PieceSet _untaken = new(pieceCount);
    private readonly Queue<(int Piece, long Since)> _order = new();
    private long _secondFrom = clock.Now;
    private int _takenThisSecond;
    private int _takenPerSecond;
    private long? _gaveAt;

    /// <summary>We hold as much as we may that others wait for.</summary>
    public bool IsInDebt =>
        _untaken.Count >= Least + TakingSeconds * Math.Max(_takenPerSecond, _takenThisSecond)
        && _gaveAt is { } gaveAt
        && !clock.HasPassed(gaveAt, IdleMs);

    /// <summary>A neighbour was given a block.</summary>
    public void Gave() => _gaveAt = clock.Now;

    /// <summary>A claimed piece has come in.</summary>
    public void Fetched(int piece)
    {
        if (_untaken.Add(piece))
            _order.Enqueue((piece, clock.Now));
    }

    /// <summary>A neighbour has the piece. True when that ended a debt.</summary>
    public bool Taken(int piece)
    {
        var wasInDebt = IsInDebt;
        if (!_untaken.Remove(piece))
            return false;
        _takenThisSecond++;
        return wasInDebt && !IsInDebt;
    }

    /// <summary>Counts by the second and forgets what is old.</summary>
    public void Advance()
    {
        if (clock.HasPassed(_secondFrom, 1000))
        {
            _secondFrom = clock.Now;
            _takenPerSecond = _takenThisSecond;
            _takenThisSecond = 0;
        }
        while (_order.TryPeek(out var oldest) && (!_untaken.Contains(oldest.Piece) || clock.HasPassed(oldest.Since, ForgetAfterMs)))
        {
            _order.Dequeue();
            _untaken.Remove(oldest.Piece);
        }
    }
}
