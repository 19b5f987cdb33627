using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Hashes;
using StatelessSwarm.Engine.Leases;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Picking;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Downloading;

/// <summary>
/// Requests and their answers. Keeps every peer's window full, takes blocks in, checks whole pieces, and puts requests that
/// came to nothing back. Without piece layers (v1-only torrents) the shell checks the pieces.
/// </summary>
internal sealed class Downloader(
    PieceMap map,
    PieceLayers? layers,
    ActivePieces active,
    Availability availability,
    PieceAssigner assigner,
    PieceChecks checks,
    BlameBook blame,
    LeafFetcher leaves,
    CommandQueue commands,
    EngineClock clock,
    SpreadWatch spread,
    FarSources far,
    DownloadGate gate,
    DownlinkWatch downlink,
    DownloadCounters counters
)
{
    /// <summary>Blocks nobody asked for that a peer may send before it is dropped; one is forgiven per block asked for.</summary>
    public const int MaxUnaskedBlocks = 64;

    /// <summary>Rest after a reject in milliseconds, times the rejects in a row (at most 16).</summary>
    public const int RejectPauseMs = 250;

    /// <summary>Asks the peer for as much as its window allows.</summary>
    public void Fill(PeerState peer)
    {
        var isShut = peer.IsChokingUs && peer.FastTaken is null;
        if (peer.IsClosing || isShut || map.IsComplete || clock.Now < peer.PausedUntil || checks.IsFull)
            return;
        // With room for hardly a block on its way, a slow far peer's long round trips would be all that is ever measured, and keep it so.
        if (!peer.IsLan && gate.IsNarrow && far.Best is { } best && best != peer && assigner.MayStart(best))
            return;
        var limit = peer.IsSnubbed || peer.IsLate ? 1 : peer.Window.Blocks;
        // A web seed is asked for whole pieces at a time, or half windows of long ones, so that a few HTTP ranges carry them.
        if (peer.IsWebSeed && limit - peer.Pending.Live < Math.Min(map.BlocksPerPiece, limit / 2))
            return;
        if (peer.Pending.Live >= limit)
            return;
        if (!assigner.MayStart(peer))
        {
            RanDry(peer);
            return;
        }
        for (var room = downlink.Room; peer.Pending.Live < limit && room > 0; room--)
        {
            // Before a piece is chosen, and claimed: what cannot be asked for now is others' to fetch.
            if (assigner.MayStart(peer) && !MayAsk(peer))
                return;
            var piece = assigner.Next(peer);
            if (piece is null)
            {
                RanDry(peer);
                return;
            }
            if (!Ask(peer, piece, piece.NextMissing()))
                return;
        }
    }

    private static void RanDry(PeerState peer)
    {
        peer.Window.RanDry();
        if (peer.Group is { HasRoom: true } group)
            group.Window.RanDry();
    }

    /// <summary>The node's limits allow one more request to the peer now.</summary>
    public bool MayAsk(PeerState peer) => gate.MayAsk(peer, BlockRange.BlockSize);

    /// <summary>Sends one request, if the limits allow it.</summary>
    public bool Ask(PeerState peer, ActivePiece piece, int block)
    {
        var range = map.BlockAt(piece.Piece, block);
        if (!gate.TryAsk(peer, range.Length) || !peer.Pending.TryAdd(piece.Piece, block, clock.Now))
            return false;
        piece.Ask(block, peer);
        commands.Send(peer, PeerMessageKind.Request, range);
        return true;
    }

    /// <summary>A Piece message came. Says what rule it broke, and which piece it completed (or -1).</summary>
    public PeerFault BlockReceived(PeerState peer, BlockRange range, in Sha256Digest leaf, long token, out int verified)
    {
        verified = -1;
        Count(peer, range.Length);
        if (!IsOurs(range))
            return Drop(range, token, PeerFault.BlockOutOfRange);
        var block = range.BlockIndex;
        if (!peer.Pending.TryAnswer(range.Piece.Value, block, out var request))
        {
            peer.UnaskedBlocks++;
            return Drop(range, token, peer.UnaskedBlocks > MaxUnaskedBlocks ? PeerFault.Flood : PeerFault.None);
        }
        var piece = active.Find(range.Piece.Value);
        if (range != map.BlockAt(range.Piece.Value, block))
        {
            // Asked for when more of the block was thought to be here; or made up, which nobody gets away with for long.
            if (piece is not null)
                GiveUp(piece, block, peer);
            peer.UnaskedBlocks++;
            return Drop(range, token, peer.UnaskedBlocks > MaxUnaskedBlocks ? PeerFault.Flood : PeerFault.None);
        }
        NoteProgress(peer, range, request);
        piece ??= assigner.Revive(range.Piece.Value);
        if (piece is null || piece.StateOf(block) == BlockState.Received || (piece.IsSolo && piece.Owner != peer))
            return Drop(range, token, PeerFault.None);
        if (piece.IsProven && piece.RightLeaf(block) != leaf)
        {
            piece.Unask(block, peer);
            return Drop(range, token, PeerFault.WrongData);
        }

        if (piece.AskedSecond(block) is { } second && second != peer)
            assigner.Cancel(piece, block, second);
        if (piece.AskedFirst(block) is { } first && first != peer)
            assigner.Cancel(piece, block, first);
        piece.Take(block, peer, leaf, clock.Now);
        commands.WriteBlock(range, token);
        if (piece.IsWhole)
            verified = Check(piece);
        return PeerFault.None;
    }

    /// <summary>A request was refused.</summary>
    public void Rejected(PeerState peer, BlockRange range)
    {
        if (!IsOurs(range) || !peer.Pending.TryAnswer(range.Piece.Value, range.BlockIndex, out var request))
            return;
        gate.Refused(peer, range.Length);
        if (request.IsCancelled)
            return;
        peer.Rejects = Math.Min(peer.Rejects + 1, 16);
        peer.PausedUntil = clock.Now + clock.Milliseconds(RejectPauseMs * peer.Rejects);
        if (active.Find(range.Piece.Value) is not { } piece)
            return;
        GiveUp(piece, range.BlockIndex, peer);
        if (piece.Owner == peer && piece.Missing > 0)
            counters.Wasted += assigner.Abandon(piece);
    }

    /// <summary>The peer choked us or is gone: whatever it was asked for, others may be asked.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="answersCome">It will still answer every request (BEP 6).</param>
    public void Release(PeerState peer, bool answersCome)
    {
        var pending = peer.Pending;
        for (var index = 0; index < pending.Count; index++)
        {
            ref var request = ref pending.At(index);
            if (request.IsAnswered || request.IsCancelled)
                continue;
            if (active.Find(request.Piece) is { } piece)
                GiveUp(piece, request.Block, peer);
        }
        if (answersCome)
            pending.CancelAll();
        else
            pending.Clear();
        for (var place = active.Count - 1; place >= 0; place--)
        {
            var piece = active[place];
            if (piece.Owner == peer)
                counters.Wasted += assigner.Abandon(piece);
            else if (piece is { Owner: null, IsBegun: false })
                counters.Wasted += assigner.Abandon(piece);
        }
        assigner.Wake();
    }

    /// <summary>We give up fetching a piece, because a neighbour fetches it or has it.</summary>
    public void Yield(int index)
    {
        if (active.Find(index) is not { IsChecking: false } piece)
            return;
        assigner.CancelAll(piece);
        counters.Wasted += assigner.Abandon(piece);
    }

    /// <summary>
    /// A usable neighbour has the piece: fetched from afar and hardly begun, it is better fetched from there; otherwise what has not been
    /// asked for yet.
    /// </summary>
    public void HeldNearNow(int index)
    {
        if (active.Find(index) is not { IsClaimed: true } piece)
            return;
        if (piece.IsYoung)
            Yield(index);
        else if (piece is { Missing: > 0, IsSolo: false })
            assigner.Abandon(piece);
    }

    /// <summary>The shell has compared a piece's SHA-1; true when the piece is verified now.</summary>
    public bool PieceChecked(int index, bool isRight)
    {
        if (active.Find(index) is not { IsChecking: true } piece)
            throw new InvalidOperationException($"The check of piece {index} was not asked for.");
        if (checks.IsFull)
            assigner.Wake();
        checks.Ended();
        Judge(piece, isRight);
        return isRight;
    }

    /// <summary>The shell has hashed a piece of which a part was here before; no leaves: it cannot be read. True when it is verified now.</summary>
    public bool PieceHashed(int index, ReadOnlySpan<Sha256Digest> leaves)
    {
        if (active.Find(index) is not { IsChecking: true } piece)
            throw new InvalidOperationException($"The hashes of piece {index} were not asked for.");
        if (checks.IsFull)
            assigner.Wake();
        checks.Ended();
        if (leaves.Length != piece.BlockCount)
        {
            Spoilt(piece);
            return false;
        }
        piece.Hashed(leaves);
        var isRight = layers!.Verify(new PieceIndex(index), leaves);
        if (!isRight)
            assigner.EndCheck(piece);
        Judge(piece, isRight);
        return isRight;
    }

    /// <summary>The right leaves of a piece that was set aside are known: wrong blocks are fetched again, their senders convicted.</summary>
    public void Proven(ActivePiece piece, ReadOnlySpan<Sha256Digest> right)
    {
        piece.Prove(right);
        piece.IsSolo = false;
        for (var block = 0; block < piece.BlockCount; block++)
        {
            if (piece.Leaves[block] == right[block])
                continue;
            counters.Wasted += map.BlockAt(piece.Piece, block).Length;
            if (!piece.HasDiskBytesIn(block))
                blame.Convict(piece.GiverOf(block)!);
            piece.Spoil(block);
        }
        assigner.Wake();
    }

    /// <summary>Nobody has told the leaves of a piece that was set aside, or it is wrong and nobody can be asked: all of it is fetched again.</summary>
    public void Spoilt(ActivePiece piece)
    {
        counters.Wasted += assigner.ReceivedBytes(piece);
        blame.Spoilt(piece);
        map.GapsOf(piece.Piece)?.Drop();
        assigner.Unclaim(piece, false);
        var index = piece.Piece;
        assigner.End(piece);
        availability.Rarity.Offer(index);
        assigner.Wake();
    }

    /// <summary>
    /// The range is one that we ask for. Where what was here of a block turned out wrong, answers to the shorter request may still come.
    /// </summary>
    private bool IsOurs(BlockRange range)
    {
        var piece = range.Piece.Value;
        if (range.Begin < 0 || range.Length <= 0 || range.Begin >= map.ContentLength(piece))
            return false;
        return range == map.BlockAt(piece, range.BlockIndex)
            || (map.GapsOf(piece) is not null && (range.Begin + range.Length - 1) / BlockRange.BlockSize == range.BlockIndex);
    }

    private PeerFault Drop(BlockRange range, long token, PeerFault fault)
    {
        counters.Wasted += range.Length;
        commands.DropBlock(range, token);
        return fault;
    }

    private void Count(PeerState peer, int bytes)
    {
        if (peer.IsWebSeed)
            counters.Http += bytes;
        else if (peer.IsLan)
            counters.Lan += bytes;
        else
            counters.Wan += bytes;
    }

    private void NoteProgress(PeerState peer, BlockRange range, in PendingRequest request)
    {
        peer.LastBlockAt = clock.Now;
        peer.Rejects = 0;
        if (peer.UnaskedBlocks > 0)
            peer.UnaskedBlocks--;
        if (peer.IsSnubbed)
        {
            peer.IsSnubbed = false;
            availability.Recount(peer);
        }
        peer.Window.Received(range.Length, request.SentAt, request.Number, peer.Pending.NextNumber);
        if (peer.Group is { } group)
            group.Window.Received(range.Length, request.SentAt, request.GroupNumber, group.NextNumber);
    }

    private void GiveUp(ActivePiece piece, int block, PeerState peer)
    {
        piece.Unask(block, peer);
        counters.Wasted += assigner.LetGoIfStranded(piece);
    }

    private int Check(ActivePiece piece)
    {
        var index = piece.Piece;
        if (piece.Owner is { } owner)
        {
            owner.Stalls = 0;
            far.PieceTaken(owner, piece);
        }
        if (layers is null || piece.NeedsHashing)
        {
            assigner.BeginCheck(piece);
            checks.Add(index);
            return -1;
        }
        var isRight = layers.Verify(new PieceIndex(index), piece.Leaves);
        Judge(piece, isRight);
        return isRight ? index : -1;
    }

    private void Judge(ActivePiece piece, bool isRight)
    {
        var index = piece.Piece;
        if (isRight)
        {
            blame.Verified(piece);
            if (piece.IsClaimed)
                spread.Fetched(index);
            assigner.Unclaim(piece, true);
            assigner.End(piece);
            map.SetVerified(index);
            commands.PieceVerified(map.RangeOf(index));
            return;
        }
        var onlyGiver = piece.OnlyGiver();
        if (!leaves.TryBegin(piece, onlyGiver))
        {
            Spoilt(piece);
            return;
        }
        assigner.SetAside(piece);
        if (onlyGiver is not null)
            blame.Convict(onlyGiver);
    }
}
