using StatelessSwarm.Engine.Torrents;

namespace StatelessSwarm.Engine.Downloading;

/// <summary>
/// Whole pieces of a v1-only torrent on their way through the shell, which alone can compare their SHA-1 (there are no block hashes
/// to do it with here). So many at a time as the options say; the rest wait in the order they became whole.
/// </summary>
/// <param name="commands">Where checks are asked for.</param>
/// <param name="map">The pieces.</param>
/// <param name="most">Checks under way at a time.</param>
internal sealed class PieceChecks(CommandQueue commands, PieceMap map, int most)
{
    /// <summary>Pieces that may wait before nothing more is fetched: the disk or the processor cannot follow.</summary>
    public const int MaxWaiting = 64;

    private readonly Queue<int> _waiting = new();
    private int _underWay;

    /// <summary>Nothing more is to be fetched for now.</summary>
    public bool IsFull => _waiting.Count >= MaxWaiting;

    /// <summary>A piece is whole.</summary>
    public void Add(int piece)
    {
        if (_underWay < most)
            Begin(piece);
        else
            _waiting.Enqueue(piece);
    }

    /// <summary>A check has ended.</summary>
    public void Ended()
    {
        _underWay--;
        if (_waiting.TryDequeue(out var next))
            Begin(next);
    }

    private void Begin(int piece)
    {
        _underWay++;
        commands.CheckPiece(map.RangeOf(piece));
    }
}
