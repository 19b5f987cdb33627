using StatelessSwarm.Content.Merkle;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Downloading;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Hashes;

/// <summary>
/// Finds out which blocks of a wrong piece are wrong: asks peers that agreed on v2 and have the piece for its leaves (BEP 52 hash
/// request, base layer 0, the whole piece, no proof layers) and takes what leads to the piece's hash. One request per peer and per
/// piece at a time. A peer that refuses or lets us wait is followed by the next; one whose hashes lead elsewhere has lied. When nobody
/// is left to ask, the piece is given up.
/// </summary>
internal sealed class LeafFetcher(TorrentInfo info, PieceLayers? layers, PeerTable peers, CommandQueue commands, EngineClock clock)
{
    /// <summary>Most leaves asked for, and so the longest piece this works for: 8 MiB (BEP 52 allows 512 hashes per request).</summary>
    public const int MaxLeaves = 512;

    /// <summary>Pieces waiting for their leaves at most; others are fetched again.</summary>
    public const int MaxPieces = 64;

    /// <summary>A peer that has not answered by then is left for the next, in milliseconds.</summary>
    public const int PatienceMs = 5000;

    /// <summary>A piece that has waited so long is given up, in milliseconds.</summary>
    public const int LongestMs = 20_000;

    private readonly List<Entry> _entries = [];

    /// <summary>Pieces whose leaves nobody tells; taken by the caller.</summary>
    public Queue<ActivePiece> GivenUp { get; } = new();

    /// <summary>Asks for the leaves of a piece that is whole and wrong; false when nobody can be asked.</summary>
    /// <param name="piece">The piece; it must stay as it is until it is proven or given up.</param>
    /// <param name="liar">A peer that is not asked, because it is about to go; or null.</param>
    public bool TryBegin(ActivePiece piece, PeerState? liar)
    {
        if (_entries.Count >= MaxPieces || RangeOf(piece.Piece) is not { } range)
            return false;
        var entry = new Entry(piece, range, clock.Now);
        if (liar is not null)
            entry.Tried.Add(liar);
        if (!Ask(entry))
            return false;
        _entries.Add(entry);
        return true;
    }

    /// <summary>A Hashes message came.</summary>
    /// <param name="peer">Who sent it.</param>
    /// <param name="payload">48 bytes of what it answers, then hashes.</param>
    /// <param name="piece">The piece whose leaves are known now; null for none.</param>
    /// <param name="leaves">The leaves.</param>
    public PeerFault Received(PeerState peer, ReadOnlySpan<byte> payload, out ActivePiece? piece, out Sha256Digest[] leaves)
    {
        piece = null;
        leaves = [];
        if (EntryOf(peer) is not { } entry)
            return TakeLate(peer);
        if (!HashRange.TryRead(payload, out var range) || range != entry.Range)
            return TakeLate(peer);
        if (payload.Length != HashRange.Size + range.Length * Sha256Digest.Size)
            return PeerFault.BadHashMessage;
        leaves = new Sha256Digest[entry.Piece.BlockCount];
        for (var block = 0; block < leaves.Length; block++)
            leaves[block] = new Sha256Digest(payload.Slice(HashRange.Size + block * Sha256Digest.Size, Sha256Digest.Size));
        if (!layers!.Verify(new PieceIndex(entry.Piece.Piece), leaves))
            return PeerFault.WrongData;
        _entries.Remove(entry);
        piece = entry.Piece;
        AskWaiting();
        return PeerFault.None;
    }

    /// <summary>A hash reject came.</summary>
    public PeerFault Rejected(PeerState peer, ReadOnlySpan<byte> payload)
    {
        if (EntryOf(peer) is not { } entry || !HashRange.TryRead(payload, out var range) || range != entry.Range)
            return TakeLate(peer);
        GoOn(entry);
        return PeerFault.None;
    }

    /// <summary>A connection ended.</summary>
    public void PeerGone(PeerState peer)
    {
        if (EntryOf(peer) is { } entry)
            GoOn(entry);
    }

    /// <summary>Leaves peers that let us wait.</summary>
    public void Advance()
    {
        for (var place = _entries.Count - 1; place >= 0; place--)
        {
            var entry = _entries[place];
            var isLate = entry.Asked is not null && clock.HasPassed(entry.AskedAt, PatienceMs);
            if (isLate)
                entry.Asked!.LateHashes++;
            if (clock.HasPassed(entry.BegunAt, LongestMs))
            {
                if (entry is { Asked: { } asked } && !isLate)
                    asked.LateHashes++;
                GiveUp(entry);
            }
            else if (isLate)
            {
                GoOn(entry);
            }
        }
    }

    private static PeerFault TakeLate(PeerState peer)
    {
        if (peer.LateHashes == 0)
            return PeerFault.BadHashMessage;
        peer.LateHashes--;
        return PeerFault.None;
    }

    private Entry? EntryOf(PeerState peer)
    {
        foreach (var entry in _entries)
        {
            if (entry.Asked == peer)
                return entry;
        }
        return null;
    }

    /// <summary>The request for all leaves of a piece; null where there is none: one block, or more leaves than may be asked for.</summary>
    private HashRange? RangeOf(int piece)
    {
        if (layers is null)
            return null;
        var index = new PieceIndex(piece);
        var (file, _) = info.Locate(index);
        var (first, count) = info.PiecesOf(file);
        // A file's only piece is padded to its own power of two, any other one to the whole piece.
        var length = count > 1 ? info.BlocksPerPiece : 1 << MerkleHash.Height(info.BlockCount(index));
        if (length is < 2 or > MaxLeaves)
            return null;
        return new HashRange(info.Files[file].PiecesRoot, 0, (piece - first.Value) * length, length, 0);
    }

    private void GoOn(Entry entry)
    {
        entry.Asked = null;
        if (!Ask(entry))
            GiveUp(entry);
        AskWaiting();
    }

    private void GiveUp(Entry entry)
    {
        _entries.Remove(entry);
        GivenUp.Enqueue(entry.Piece);
    }

    private void AskWaiting()
    {
        for (var place = _entries.Count - 1; place >= 0; place--)
        {
            if (_entries[place] is { Asked: null } waiting && !Ask(waiting))
                GiveUp(waiting);
        }
    }

    /// <summary>Asks the next peer, or waits while all that could be asked are busy; false when there is none.</summary>
    private bool Ask(Entry entry)
    {
        PeerState? best = null;
        var areBusy = false;
        for (var place = 0; place < peers.Count; place++)
        {
            var peer = peers[place];
            if (peer.IsClosing || peer.IsWebSeed || !peer.Connection.IsV2 || !peer.Have.Contains(entry.Piece.Piece) || entry.Tried.Contains(peer))
                continue;
            if (EntryOf(peer) is not null)
                areBusy = true;
            else if (best is null || Rank(entry, peer) < Rank(entry, best))
                best = peer;
        }
        if (best is null)
            return areBusy;
        entry.Tried.Add(best);
        entry.Asked = best;
        entry.AskedAt = clock.Now;
        var payload = new byte[HashRange.Size];
        entry.Range.Write(payload);
        commands.Send(best, new PeerMessage(PeerMessageKind.HashRequest, Payload: payload));
        return true;
    }

    /// <summary>Those who gave none of the blocks first, then neighbours.</summary>
    private static int Rank(Entry entry, PeerState peer)
    {
        var gave = false;
        for (var block = 0; block < entry.Piece.BlockCount; block++)
            gave |= entry.Piece.GiverOf(block) == peer;
        return (gave ? 2 : 0) + (peer.IsLan ? 0 : 1);
    }

    private sealed class Entry(ActivePiece piece, HashRange range, long begunAt)
    {
        public ActivePiece Piece => piece;

        public HashRange Range => range;

        public long BegunAt => begunAt;

        /// <summary>Who is asked now; null while all are busy with other pieces.</summary>
        public PeerState? Asked { get; set; }

        public long AskedAt { get; set; }

        public List<PeerState> Tried { get; } = [];
    }
}
