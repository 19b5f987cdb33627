using System.Numerics;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Chance;
using StatelessSwarm.Engine.Leases;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Picking;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Downloading;

/// <summary>
/// Decides which piece a peer is asked for next: the one it is at; a started piece nobody owns; a new one, rarest first; one whose
/// owner is stalled. A peer for which there is nothing is not looked at again before the <see cref="Epoch"/> moves, which it does
/// whenever something may have become possible for somebody.
/// </summary>
internal sealed class PieceAssigner(
    PieceMap map,
    ActivePieces active,
    Availability availability,
    ClaimLedger claims,
    SourceRules rules,
    FarSources far,
    SpreadWatch spread,
    DownlinkWatch downlink,
    NearBacklog backlog,
    BlameBook blame,
    CommandQueue commands,
    EngineClock clock,
    SeededRandom random
)
{
    /// <summary>Blocks a scarce source is asked for to begin with: one ordinary piece.</summary>
    public const int ScarceStart = 16;

    /// <summary>
    /// Between a claim and the first request under it: the neighbours' answers to a claim made at the same moment (a HAVE from afar
    /// makes several of them reach for one piece) arrive within it, before the WAN link has carried anything twice.
    /// </summary>
    public const int SettleMs = 20;

    /// <summary>
    /// The same beyond the WAN link, where a piece that is fetched twice costs most: on a busy LAN of 100 Mbit/s a message waits behind
    /// 40 ms of blocks in the sockets. What is on its way meanwhile hides the wait.
    /// </summary>
    public const int FarSettleMs = 50;

    /// <summary>The same when the piece falls to another member, which may be about to claim it (<see cref="ClaimLedger.DistanceTo"/>).</summary>
    public const int OthersSettleMs = 150;

    private const int Draws = 8;

    /// <summary>A piece may take this long, and then as long again, before it counts as slow; in seconds.</summary>
    public const double LongWait = 3;

    private int _ownerless;

    /// <summary>Moves when a piece may have become available to somebody.</summary>
    public long Epoch { get; private set; }

    /// <summary>When a claimed piece becomes ready to be asked for; in the past when none is waiting.</summary>
    public long ReadyAt { get; private set; }

    /// <summary>Something may have become possible.</summary>
    public void Wake() => Epoch++;

    /// <summary>There may be something to ask the peer for.</summary>
    public bool MayStart(PeerState peer) =>
        peer.Current is { Missing: > 0 } || (peer.IdleEpoch != Epoch && peer.WantedPieces > 0 && !rules.IsBarred(peer));

    /// <summary>The piece that the peer is to be asked for, with at least one missing block; null for none.</summary>
    public ActivePiece? Next(PeerState peer)
    {
        if (peer.Current is { Missing: > 0 } current)
        {
            if (current.ReadyAt > clock.Now)
                return null;
            // Since it was claimed, a neighbour that has the piece may have become usable; or, while the claim settled, another's come to life.
            var isLeft = current.IsClaimed && !rules.MayAsk(peer, current.Piece);
            if (!isLeft || (current.IsAskedUnderClaim && !availability.HeldNear.Contains(current.Piece)))
                return current;
            Abandon(current);
        }
        peer.Current = null;
        // No new piece from afar while enough is on its way: what is claimed must come soon.
        if (!far.HasRoomFor(peer))
            return null;
        if (peer.IdleEpoch == Epoch || peer.WantedPieces == 0)
            return null;
        // Whoever can do it better does it: behind, we take in slowly what all wait for.
        var isForOthers = claims.IsPaused || (backlog.IsLong && availability.AbleClaimants > 0);
        var isOut = rules.IsBarred(peer) || (isForOthers && !rules.IsFree(peer));
        var piece = isOut ? null : Adopt(peer) ?? Start(peer) ?? Steal(peer);
        if (piece is null)
            peer.IdleEpoch = Epoch;
        else
            peer.Current = piece;
        return piece is null || piece.ReadyAt > clock.Now ? null : piece;
    }

    /// <summary>Nobody owns the piece any more. What was received stays, unless one peer must send all of it.</summary>
    /// <returns>Bytes thrown away.</returns>
    public long Abandon(ActivePiece piece)
    {
        Wake();
        if (piece.Owner is { } owner)
        {
            if (owner.Current == piece)
                owner.Current = null;
            piece.Owner = null;
            _ownerless++;
        }
        Unclaim(piece, false);
        var wasted = 0L;
        if (piece.IsSolo)
        {
            wasted = ReceivedBytes(piece);
            CancelAll(piece);
            piece.Forget();
        }
        if (piece.IsBegun)
            return wasted;
        var index = piece.Piece;
        End(piece);
        availability.Rarity.Offer(index);
        return wasted;
    }

    /// <summary>
    /// A peer will not send a block of the piece that it was asked for. When the owner has gone on to another piece meanwhile, having asked
    /// for all there was, this one is anybody's again; nobody would look at it otherwise.
    /// </summary>
    /// <returns>Bytes thrown away.</returns>
    public long LetGoIfStranded(ActivePiece piece) => piece is { Missing: > 0, Owner: { } owner } && owner.Current != piece ? Abandon(piece) : 0;

    /// <summary>
    /// A block came of a piece that was given up before any had come: it was on its way when its peer choked us or refused the others. The piece
    /// goes on with it, for whoever can. Null when it may not be started, a neighbour fetches it, or one peer alone must send all of it.
    /// </summary>
    public ActivePiece? Revive(int index)
    {
        if (map.Verified.Contains(index) || !availability.Rarity.Offered.Contains(index) || claims.Claimed.Contains(index) || blame.IsSuspect(index))
            return null;
        availability.Rarity.Withdraw(index);
        _ownerless++;
        Wake();
        return active.Start(index, map.BlockCount(index), map.GapsOf(index), clock.Now);
    }

    /// <summary>Nobody is to be asked for the piece, which is whole and wrong, until it is known what of it is.</summary>
    public void SetAside(ActivePiece piece)
    {
        Unclaim(piece, false);
        if (piece.Owner is not { } owner)
            return;
        if (owner.Current == piece)
            owner.Current = null;
        piece.Owner = null;
        _ownerless++;
    }

    /// <summary>The piece is done or to be started afresh; the object must not be used any more.</summary>
    public void End(ActivePiece piece)
    {
        if (piece is { Owner: null, IsChecking: false })
            _ownerless--;
        else if (piece.Owner?.Current == piece)
            piece.Owner.Current = null;
        active.End(piece);
    }

    /// <summary>All blocks are there; nobody is asked for any until the check has ended.</summary>
    public void BeginCheck(ActivePiece piece)
    {
        if (piece.Owner is null)
            _ownerless--;
        else if (piece.Owner.Current == piece)
            piece.Owner.Current = null;
        active.BeginCheck(piece);
    }

    /// <summary>The piece was checked and is wrong: nobody owns it.</summary>
    public void EndCheck(ActivePiece piece)
    {
        active.EndCheck(piece);
        _ownerless++;
    }

    /// <summary>Takes back every request for blocks of the piece.</summary>
    public void CancelAll(ActivePiece piece)
    {
        for (var block = 0; block < piece.BlockCount; block++)
        {
            if (piece.StateOf(block) != BlockState.Requested)
                continue;
            if (piece.AskedSecond(block) is { } second)
                Cancel(piece, block, second);
            if (piece.AskedFirst(block) is { } first)
                Cancel(piece, block, first);
        }
    }

    /// <summary>Takes one request back.</summary>
    public void Cancel(ActivePiece piece, int block, PeerState peer)
    {
        piece.Unask(block, peer);
        if (peer.Pending.TryCancel(piece.Piece, block) && !peer.IsClosing)
            commands.Send(peer, PeerMessageKind.Cancel, map.BlockAt(piece.Piece, block));
    }

    /// <summary>Content bytes received of the piece.</summary>
    public long ReceivedBytes(ActivePiece piece)
    {
        var bytes = 0L;
        for (var block = 0; block < piece.BlockCount; block++)
        {
            if (piece.StateOf(block) == BlockState.Received)
                bytes += map.BlockAt(piece.Piece, block).Length;
        }
        return bytes;
    }

    /// <summary>Our claim on the piece ends.</summary>
    public void Unclaim(ActivePiece piece, bool isVerified)
    {
        if (!piece.IsClaimed)
            return;
        piece.IsClaimed = false;
        claims.Release(piece.Piece, isVerified);
        if (claims.OwnCount == 0)
            Wake();
    }

    /// <summary>At the pace it comes in, what is left of the piece takes longer than it should.</summary>
    public bool IsSlow(ActivePiece piece)
    {
        var age = clock.Seconds(clock.Now - piece.StartedAt);
        if (age <= LongWait)
            return false;
        // Where our own downlink is the bottleneck every piece takes as long as all that are on their way.
        var wait = Math.Max(LongWait, downlink.ExcuseFor((long)active.Count * map.PieceBytes));
        // What an owner that keeps its pace is about to send would come all the same, and cross the link twice.
        if (piece.Owner is { } owner && owner.Pending.Live * (long)BlockRange.BlockSize <= owner.Window.Rate * LongWait)
            wait = Math.Max(wait, 2 * LongWait);
        return age > wait && age * (piece.BlockCount - piece.Received) > wait * piece.Received;
    }

    private ActivePiece? Adopt(PeerState peer)
    {
        if (_ownerless == 0)
            return null;
        for (var place = 0; place < active.Count; place++)
        {
            var piece = active[place];
            if (piece.Owner is not null || piece.Missing == 0)
                continue;
            if (IsAskable(peer, piece.Piece) && rules.MayAsk(peer, piece.Piece))
                return Own(piece, peer);
        }
        return null;
    }

    private ActivePiece? Start(PeerState peer)
    {
        var rarity = availability.Rarity;
        if (peer.IsChokingUs)
            return StartFast(peer);
        var index = -1;
        if (rules.IsFree(peer))
        {
            if (peer.IsWebSeed)
                index = Following(peer);
            if (index < 0)
                index = rarity.Pick(peer.Have, null, null, random);
        }
        else
        {
            if (spread.IsInDebt && availability.AbleClaimants > 0)
                return null;
            if (!peer.IsLan && !far.IsWorthIt(peer))
                return null;
            if (claims.OwnCount > 0 && IsNearlyAllClaimed())
                return null;
            if (peer.IsWebSeed)
                index = Following(peer);
            if (index < 0)
                index = PickApart(peer, claims.Claimed);
            if (index < 0)
                index = PickApart(peer, claims.Firm);
            peer.Window.StartSmall(ScarceStart);
        }
        if (index < 0)
            return null;
        return Start(peer, index);
    }

    /// <summary>
    /// No more pieces are left to claim than there are neighbours to claim them. Then each takes one at a time: the last pieces come in
    /// at as many nodes, whose uplinks share the work of handing them on.
    /// </summary>
    private bool IsNearlyAllClaimed()
    {
        if (availability.AbleClaimants == 0)
            return false;
        var offered = availability.Rarity.Offered.Words;
        var held = availability.HeldNear.Words;
        var claimed = claims.Claimed.Words;
        var left = 0;
        for (var word = 0; word < offered.Length && left <= availability.AbleClaimants; word++)
            left += BitOperations.PopCount(offered[word] & ~held[word] & ~claimed[word]);
        return left <= availability.AbleClaimants;
    }

    /// <summary>Of a few of the rarest pieces the one that falls to us most; see <see cref="ClaimLedger.DistanceTo"/>. -1 for none.</summary>
    private int PickApart(PeerState peer, PieceSet claimed)
    {
        var best = availability.Rarity.Pick(peer.Have, availability.HeldNear, claimed, random);
        for (var draw = 1; draw < Draws && best >= 0 && claims.DistanceTo(best) > 0; draw++)
        {
            var other = availability.Rarity.Pick(peer.Have, availability.HeldNear, claimed, random);
            if (claims.DistanceTo(other) < claims.DistanceTo(best))
                best = other;
        }
        return best;
    }

    /// <summary>Choked, with an allowed-fast set (BEP 6): a piece of it that the peer has and nobody has started.</summary>
    private ActivePiece? StartFast(PeerState peer)
    {
        if (peer.FastTaken is not { } fast || (!peer.IsLan && !far.IsWorthIt(peer)))
            return null;
        for (var index = fast.NextFrom(0); index >= 0; index = fast.NextFrom(index + 1))
        {
            var isFree = availability.Rarity.Offered.Contains(index) && !claims.Claimed.Contains(index);
            if (isFree && peer.Have.Contains(index) && rules.MayAsk(peer, index))
                return Start(peer, index);
        }
        return null;
    }

    private static bool IsAskable(PeerState peer, int piece) => peer.Have.Contains(piece) && peer.Askable.Contains(piece);

    private ActivePiece Start(PeerState peer, int index)
    {
        availability.Rarity.Withdraw(index);
        peer.LastStarted = index;
        var piece = active.Start(index, map.BlockCount(index), map.GapsOf(index), clock.Now);
        _ownerless++;
        piece.IsSolo = blame.IsSuspect(index);
        return Own(piece, peer);
    }

    /// <summary>
    /// For a web seed the piece after its last one, if it may be started and is no more common: long runs make few HTTP ranges. -1 for none.
    /// </summary>
    private int Following(PeerState peer)
    {
        var next = peer.LastStarted + 1;
        var rarity = availability.Rarity;
        if (next == 0 || !map.IsPiece(next) || !rarity.Offered.Contains(next))
            return -1;
        if (rarity.HoldersOf(next) > rarity.HoldersOf(peer.LastStarted) || claims.Claimed.Contains(next))
            return -1;
        return rules.MayAsk(peer, next) ? next : -1;
    }

    private ActivePiece? Steal(PeerState peer)
    {
        // Who has stalled takes nothing over: two such peers would take it from each other for ever, and neither look stalled.
        if (peer.IsChokingUs || peer.IsLate || peer.IsSnubbed)
            return null;
        for (var place = 0; place < active.Count; place++)
        {
            var piece = active[place];
            if (piece.Owner is not { } owner || owner == peer)
                continue;
            var isBetter = rules.IsFree(peer) ? IsSlow(piece) : far.ShouldMove(piece, peer);
            if (!owner.IsSnubbed && !owner.IsLate && !owner.IsChokingUs && !isBetter)
                continue;
            if (!peer.Have.Contains(piece.Piece) || !rules.MayAsk(peer, piece.Piece))
                continue;
            CancelAll(piece);
            if (piece.IsSolo)
                piece.Forget();
            if (owner.Current == piece)
                owner.Current = null;
            piece.Owner = null;
            _ownerless++;
            return piece.Missing > 0 ? Own(piece, peer) : null;
        }
        return null;
    }

    private int SettleMsOf(PeerState peer, int piece) =>
        peer.IsLan ? SettleMs
        : claims.DistanceTo(piece) == 0 ? FarSettleMs
        : OthersSettleMs;

    private ActivePiece Own(ActivePiece piece, PeerState peer)
    {
        piece.Owner = peer;
        piece.StartedAt = clock.Now;
        piece.ProgressAt = clock.Now;
        piece.ReadyAt = clock.Now;
        _ownerless--;
        if (peer.IsSuspect && !piece.IsSolo)
        {
            CancelAll(piece);
            piece.Forget();
            piece.IsSolo = true;
        }
        if (rules.IsFree(peer))
        {
            Unclaim(piece, false);
        }
        else if (!piece.IsClaimed)
        {
            piece.IsClaimed = true;
            piece.IsAskedUnderClaim = false;
            piece.DeniedBy = null;
            claims.Claim(piece.Piece);
            if (availability.NearClaimants > 0)
            {
                piece.ReadyAt = clock.Now + clock.Milliseconds(SettleMsOf(peer, piece.Piece));
                ReadyAt = ReadyAt > clock.Now ? Math.Min(ReadyAt, piece.ReadyAt) : piece.ReadyAt;
            }
        }
        return piece;
    }
}
