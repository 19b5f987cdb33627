using System.Numerics;
using StatelessSwarm.Engine.Chance;

namespace StatelessSwarm.Engine.Picking;

/// <summary>
/// Which pieces may be started, ordered by how few peers hold them. One bit map per number of holders (0 to 14, and "15 or
/// more"): a HAVE moves one bit, a pick intersects the rarest non-empty map with the peer's map a word at a time, starting at
/// a random word so that nodes with equal views choose different pieces. 40,000 pieces are 625 words per map.
/// </summary>
internal sealed class Rarity
{
    /// <summary>Holders from which on pieces count as equally common.</summary>
    public const int Levels = 16;

    private readonly ushort[] _holders;
    private readonly PieceSet _offered;
    private readonly PieceSet[] _levels = new PieceSet[Levels];

    public Rarity(int pieceCount)
    {
        _holders = new ushort[pieceCount];
        _offered = new PieceSet(pieceCount);
        for (var level = 0; level < Levels; level++)
            _levels[level] = new PieceSet(pieceCount);
    }

    /// <summary>Pieces that may be started.</summary>
    public PieceSet Offered => _offered;

    /// <summary>Peers known to hold the piece, complete ones not counted.</summary>
    public int HoldersOf(int piece) => _holders[piece];

    /// <summary>The piece may be started.</summary>
    public void Offer(int piece)
    {
        if (_offered.Add(piece))
            _levels[LevelOf(piece)].Add(piece);
    }

    /// <summary>The piece is started or done.</summary>
    public void Withdraw(int piece)
    {
        if (_offered.Remove(piece))
            _levels[LevelOf(piece)].Remove(piece);
    }

    /// <summary>A peer has come to hold the piece.</summary>
    public void AddHolder(int piece) => Move(piece, 1);

    /// <summary>A holder has gone.</summary>
    public void RemoveHolder(int piece) => Move(piece, -1);

    /// <summary>
    /// A rarest offered piece that is in <paramref name="held"/> and in neither excluded set, by chance among equals; -1 for none.
    /// </summary>
    public int Pick(PieceSet held, PieceSet? excluded, PieceSet? alsoExcluded, SeededRandom random)
    {
        foreach (var level in _levels)
        {
            if (level.Count == 0)
                continue;
            var piece = PickFrom(level, held, excluded, alsoExcluded, random);
            if (piece >= 0)
                return piece;
        }
        return -1;
    }

    private static int PickFrom(
        PieceSet level,
        PieceSet held,
        PieceSet? excluded,
        PieceSet? alsoExcluded,
        SeededRandom random
    )
    {
        var candidates = level.Words;
        var have = held.Words;
        var start = random.Below(candidates.Length);
        for (var step = 0; step < candidates.Length; step++)
        {
            var index = start + step;
            if (index >= candidates.Length)
                index -= candidates.Length;
            var word = candidates[index] & have[index];
            if (word == 0)
                continue;
            if (excluded is not null)
                word &= ~excluded.Words[index];
            if (alsoExcluded is not null)
                word &= ~alsoExcluded.Words[index];
            if (word != 0)
                return index * 64 + RandomBit(word, random);
        }
        return -1;
    }

    private static int RandomBit(ulong word, SeededRandom random)
    {
        var skip = random.Below(BitOperations.PopCount(word));
        for (; skip > 0; skip--)
            word &= word - 1;
        return BitOperations.TrailingZeroCount(word);
    }

    private int LevelOf(int piece) => Math.Min((int)_holders[piece], Levels - 1);

    private void Move(int piece, int change)
    {
        var before = LevelOf(piece);
        _holders[piece] = (ushort)(_holders[piece] + change);
        var after = LevelOf(piece);
        if (before == after || !_offered.Contains(piece))
            return;
        _levels[before].Remove(piece);
        _levels[after].Add(piece);
    }
}
