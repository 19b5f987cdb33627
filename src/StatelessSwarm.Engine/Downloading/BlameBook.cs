using StatelessSwarm.Engine.Peers;

namespace StatelessSwarm.Engine.Downloading;

/// <summary>
/// Finds who sent wrong data. A piece from one peer convicts it at once. Where the right leaves of the piece can be had
/// (<see cref="Hashes.LeafFetcher"/>), they convict the sender of every wrong block. Otherwise a piece from several peers is fetched
/// again from one only; when it verifies, every block whose hash was different before convicts its sender.
/// <para>Without block hashes (v1-only) those who contributed stay suspects instead: from then on a suspect gives whole pieces alone,
/// so that its next wrong one convicts it.</para>
/// </summary>
/// <param name="hasLeaves">Blocks come with their hashes.</param>
internal sealed class BlameBook(bool hasLeaves)
{
    /// <summary>Pieces remembered at most.</summary>
    public const int MaxPieces = 64;

    /// <summary>Spoilt versions remembered of one piece.</summary>
    public const int MaxPerPiece = 4;

    private readonly Dictionary<int, List<Suspicion>> _suspicions = [];

    /// <summary>Convicted peers, in order; taken by the caller.</summary>
    public List<PeerState> Convicted { get; } = [];

    /// <summary>True when the piece must come from one peer.</summary>
    public bool IsSuspect(int piece) => _suspicions.ContainsKey(piece);

    /// <summary>A block of this peer was wrong.</summary>
    public void Convict(PeerState liar)
    {
        if (!Convicted.Contains(liar))
            Convicted.Add(liar);
    }

    /// <summary>The piece is whole and wrong.</summary>
    public void Spoilt(ActivePiece piece)
    {
        // What was here before may be what is wrong. Fetched again it comes whole, and shows its author.
        if (piece.HasDiskBytes)
            return;
        if (piece.OnlyGiver() is { } liar)
        {
            Convict(liar);
            return;
        }
        for (var block = 0; block < piece.BlockCount && !hasLeaves; block++)
            piece.GiverOf(block)!.IsSuspect = true;
        if (!_suspicions.TryGetValue(piece.Piece, out var versions))
        {
            if (_suspicions.Count >= MaxPieces)
                return;
            versions = [];
            _suspicions.Add(piece.Piece, versions);
        }
        if (versions.Count >= MaxPerPiece)
            return;
        var givers = new PeerState[piece.BlockCount];
        for (var block = 0; block < givers.Length; block++)
            givers[block] = piece.GiverOf(block)!;
        versions.Add(new Suspicion(givers, piece.Leaves.ToArray()));
    }

    /// <summary>The piece is whole and right.</summary>
    public void Verified(ActivePiece piece)
    {
        if (_suspicions.Count == 0 || !_suspicions.Remove(piece.Piece, out var versions) || !hasLeaves)
            return;
        foreach (var version in versions)
        {
            for (var block = 0; block < version.Givers.Length; block++)
            {
                if (version.Leaves[block] != piece.Leaves[block])
                    Convict(version.Givers[block]);
            }
        }
    }
}
