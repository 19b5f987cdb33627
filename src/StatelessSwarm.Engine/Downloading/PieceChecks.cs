using StatelessSwarm.Engine.Torrents;

namespace StatelessSwarm.Engine.Downloading;

/// <summary>
/// Whole pieces on their way through the shell, which alone can read them: those of a v1-only torrent (there are no block hashes here to
/// check them with), and those of which a part was there before the transfer. So many at a time as the options say; the rest wait in the
/// order they became whole.
/// </summary>
/// <param name="commands">Where checks are asked for.</param>
/// <param name="map">The pieces.</param>
/// <param name="hasLeaves">The hashes of the blocks are asked for, to be checked here.</param>
/// <param name="most">Checks under way at a time.</param>
internal sealed class PieceChecks(CommandQueue commands, PieceMap map, bool hasLeaves, int most)
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
        if (hasLeaves)
            commands.HashPiece(map.RangeOf(piece));
        else
            commands.CheckPiece(map.RangeOf(piece));
    }
}
