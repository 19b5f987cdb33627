using StatelessSwarm.Engine.Downloading;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Picking;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Leases;

/// <summary>
/// Who on our network fetches which piece from a scarce source (a peer beyond the WAN link, or a complete neighbour while many
/// want it), so that every piece comes once and is handed on. Neighbours that speak <c>ss</c> are told at once, and once a second
/// while we hold claims.
/// <list type="bullet">
/// <item>A claim lives while its holder is connected and heard of; after <see cref="DeadAfterMs"/> of silence it is gone.</item>
/// <item>It is stuck when its holder has received nothing for <see cref="StuckAfterMs"/>, or after <see cref="LongestMs"/>: then a
/// node with nothing better to do may fetch the piece all the same.</item>
/// <item>Two claims on one piece: whoever has more of it, in eighths, keeps it, and who has asked for it before who has not; of equals the
/// lower peer id does. The other yields.</item>
/// <item>In a site too large for everybody to be connected to everybody, the neighbours that two holders have in common see both claims:
/// they tell the second one that the piece is taken, and so they do when one of their neighbours already has it. Who hears it from two
/// addresses (one liar is not enough) yields and leaves the piece alone for <see cref="HearsayMs"/>; told again it does so again, but
/// not for longer than <see cref="LongestHearsayMs"/>.</item>
/// </list>
/// </summary>
internal sealed class ClaimLedger(
    PieceMap map,
    ActivePieces active,
    Availability availability,
    PeerTable peers,
    CommandQueue commands,
    EngineClock clock,
    PeerId self,
    SiteTalk talk
)
{
    /// <summary>Between signs of life.</summary>
    public const int HeartbeatMs = 1000;

    /// <summary>Silence after which a holder's claims are void.</summary>
    public const int DeadAfterMs = 3500;

    /// <summary>Time without any progress of its holder after which a claim is stuck.</summary>
    public const int StuckAfterMs = 5000;

    /// <summary>Age from which a claim counts as stuck whatever it says.</summary>
    public const int LongestMs = 60_000;

    /// <summary>For how long a piece counts as claimed that a neighbour calls taken: by then most have come, and the neighbour has them.</summary>
    public const int HearsayMs = 3000;

    /// <summary>For how long a neighbour is believed about one piece, however often it says it.</summary>
    public const int LongestHearsayMs = 20_000;

    /// <summary>After a claim that was taken no new one is made for so long; twice as long each time in a row, up to the longest.</summary>
    public const int FirstPauseMs = 50;

    /// <inheritdoc cref="FirstPauseMs"/>
    public const int LongestPauseMs = 1000;

    /// <summary>Claims kept per neighbour.</summary>
    public const int MaxPerPeer = 512;

    // Fine enough for time-outs of seconds; all claims of all neighbours are looked at.
    private const int CheckMs = 250;

    private readonly Dictionary<int, Claim> _claims = [];
    private readonly List<int> _own = [];
    private readonly List<int> _newClaims = [];
    private readonly List<int> _newReleases = [];
    private readonly List<int> _numbers = [];
    private readonly List<int> _denied = [];
    private long _heartbeatAt;
    private long _checkedAt;
    private long _lookedAt = long.MinValue;
    private int _members = 1;
    private int _ourPlace;
    private bool _areWeBehind;
    private int _pauseMs;
    private long? _pausedUntil;

    /// <summary>Pieces a live neighbour claims.</summary>
    public PieceSet Claimed { get; } = new(map.PieceCount);

    /// <summary>Those of them that are not stuck.</summary>
    public PieceSet Firm { get; } = new(map.PieceCount);

    /// <summary>Pieces we claim.</summary>
    public int OwnCount => _own.Count;

    /// <summary>What we know of the site is behind what others know: no new claims for now.</summary>
    public bool IsPaused => _pausedUntil > clock.Now;

    /// <summary>Our claims that lost against a neighbour's and must be given up; taken by the caller.</summary>
    public List<int> Yields { get; } = [];

    /// <summary>A neighbour's claim went or got stuck since this was last reset: something may have become free.</summary>
    public bool HasFreed { get; set; }

    /// <summary>
    /// To whom of the members that fetch a piece falls, counted from us in the order of their ids: 0 for us. No right, only a wish by which
    /// members that choose at the same moment choose apart: each takes pieces near to it, so two seldom reach for one.
    /// </summary>
    public int DistanceTo(int piece)
    {
        if (_lookedAt != clock.Now)
            LookAround();
        // Multiplicative hashing (Knuth): neighbouring pieces fall to different members.
        var place = (int)(unchecked((uint)piece * 2654435769u) >> 16) % _members;
        return (place - _ourPlace + _members) % _members;
    }

    /// <summary>We begin to fetch the piece.</summary>
    public void Claim(int piece)
    {
        _own.Add(piece);
        _newClaims.Add(piece);
    }

    /// <summary>We no longer fetch the piece. Of a verified one the HAVE tells.</summary>
    public void Release(int piece, bool isVerified)
    {
        if (!_own.Remove(piece))
            return;
        _newClaims.Remove(piece);
        if (isVerified)
            _pauseMs = 0;
        else
            _newReleases.Add(piece);
    }

    /// <summary>A neighbour that speaks <c>ss</c> is there: it learns our claims.</summary>
    public void PeerArrived(PeerState peer)
    {
        if (_areWeBehind)
            SendStanding(peer);
        SendClaims(peer, _own);
        talk.PeerArrived(peer);
    }

    /// <summary>We have fallen behind our neighbours, or caught up with them: they are told.</summary>
    public void SetBehind(bool areWeBehind)
    {
        _areWeBehind = areWeBehind;
        for (var place = 0; place < peers.Count; place++)
            SendStanding(peers[place]);
    }

    /// <summary>Our claims are to be given up.</summary>
    public void YieldAll() => Yields.AddRange(_own);

    /// <summary>Our claims are to be given up, but for pieces of which half is here: another one would fetch that once more.</summary>
    public void YieldWhatIsYoung()
    {
        foreach (var piece in _own)
        {
            if (active.Find(piece) is not { IsYoung: false })
                Yields.Add(piece);
        }
    }

    /// <summary>A connection ended.</summary>
    public void PeerGone(PeerState peer)
    {
        while (peer.Claims.Count > 0)
            Remove(peer, peer.Claims[^1]);
    }

    /// <summary>A neighbour has the piece: its claim is fulfilled.</summary>
    public void PeerHas(PeerState peer, int piece)
    {
        if (!_claims.TryGetValue(piece, out var claim) || claim.Holder != peer)
            return;
        peer.ClaimsProgressAt = clock.Now;
        Remove(peer, piece);
    }

    /// <summary>An <c>ss</c> message came.</summary>
    public PeerFault Receive(PeerState peer, ReadOnlyMemory<byte> payload)
    {
        if (!ClaimMessage.TryRead(payload, out var kind, _numbers))
            return PeerFault.BadExtension;
        if (!peer.IsLan)
            return PeerFault.None;
        peer.ClaimsHeardAt = clock.Now;
        if (kind == ClaimMessageKind.Needs)
            return talk.Receive(peer, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_numbers));
        if (kind is ClaimMessageKind.Behind or ClaimMessageKind.CaughtUp)
        {
            peer.IsBehind = kind == ClaimMessageKind.Behind;
            return PeerFault.None;
        }
        var step = kind == ClaimMessageKind.Releases ? 1 : 2;
        for (var index = 0; index + step <= _numbers.Count; index += step)
        {
            var piece = _numbers[index];
            if (piece < 0 || piece >= map.PieceCount)
                return PeerFault.PieceIndexOutOfRange;
            if (kind == ClaimMessageKind.Releases)
            {
                if (_claims.TryGetValue(piece, out var claim) && claim.Holder == peer)
                    Remove(peer, piece);
            }
            else if (kind == ClaimMessageKind.Taken)
            {
                TakeHearsay(peer, piece, Math.Clamp(_numbers[index + 1], 0, map.BlockCount(piece)));
            }
            else
            {
                TakeClaim(peer, piece, Math.Clamp(_numbers[index + 1], 0, map.BlockCount(piece)));
            }
        }
        SendTaken(peer, _denied);
        _denied.Clear();
        return PeerFault.None;
    }

    /// <summary>Voids dead claims, marks stuck ones, gives signs of life.</summary>
    public void Advance()
    {
        if (_pausedUntil <= clock.Now)
        {
            _pausedUntil = null;
            HasFreed = true;
        }
        if (clock.HasPassed(_checkedAt, CheckMs))
            CheckHolders();
        if (_own.Count > 0 && clock.HasPassed(_heartbeatAt, HeartbeatMs))
        {
            _heartbeatAt = clock.Now;
            for (var place = 0; place < peers.Count; place++)
                SendClaims(peers[place], _own);
        }
    }

    private void CheckHolders()
    {
        _checkedAt = clock.Now;
        for (var place = 0; place < peers.Count; place++)
        {
            var peer = peers[place];
            if (peer.Claims.Count == 0)
                continue;
            if (clock.HasPassed(peer.ClaimsHeardAt, DeadAfterMs))
                PeerGone(peer);
            else
                MarkStuck(peer, clock.HasPassed(peer.ClaimsProgressAt, StuckAfterMs));
        }
    }

    /// <summary>Tells the neighbours what has changed; called once at the end of every event.</summary>
    public void Flush()
    {
        if (_newClaims.Count == 0 && _newReleases.Count == 0)
            return;
        for (var place = 0; place < peers.Count; place++)
        {
            var peer = peers[place];
            if (!Speaks(peer))
                continue;
            for (var first = 0; first < _newReleases.Count; first += ClaimMessage.MaxPieces)
            {
                var count = Math.Min(ClaimMessage.MaxPieces, _newReleases.Count - first);
                var numbers = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_newReleases).Slice(first, count);
                commands.SendExtended(peer, peer.ClaimsId, ClaimMessage.Write(ClaimMessageKind.Releases, numbers));
            }
            SendClaims(peer, _newClaims);
        }
        _newClaims.Clear();
        _newReleases.Clear();
    }

    private void LookAround()
    {
        _lookedAt = clock.Now;
        _members = 1;
        _ourPlace = 0;
        for (var place = 0; place < peers.Count; place++)
        {
            var peer = peers[place];
            if (!peer.IsCountedAble)
                continue;
            _members++;
            if (peer.Id < self)
                _ourPlace++;
        }
    }

    private void SendStanding(PeerState peer)
    {
        if (Speaks(peer))
            commands.SendExtended(
                peer,
                peer.ClaimsId,
                ClaimMessage.Write(_areWeBehind ? ClaimMessageKind.Behind : ClaimMessageKind.CaughtUp, [])
            );
    }

    private static bool Speaks(PeerState peer) => peer is { ClaimsId: not 0, IsLan: true, IsClosing: false };

    private void SendClaims(PeerState peer, List<int> pieces)
    {
        if (!Speaks(peer) || pieces.Count == 0)
            return;
        Span<int> numbers = stackalloc int[2 * ClaimMessage.MaxPieces];
        for (var first = 0; first < pieces.Count; first += ClaimMessage.MaxPieces)
        {
            var count = Math.Min(ClaimMessage.MaxPieces, pieces.Count - first);
            for (var index = 0; index < count; index++)
            {
                numbers[2 * index] = pieces[first + index];
                numbers[2 * index + 1] = active.Find(pieces[first + index]) is { } piece ? OnItsWay(piece) : 0;
            }
            var payload = ClaimMessage.Write(ClaimMessageKind.Claims, numbers[..(2 * count)]);
            commands.SendExtended(peer, peer.ClaimsId, payload);
        }
    }

    private void TakeClaim(PeerState peer, int piece, int received)
    {
        if (map.Verified.Contains(piece) || peer.Have.Contains(piece))
            return;
        if (active.Find(piece) is { IsClaimed: true } ours)
        {
            if (ComesFirst(piece, OnItsWay(ours), self, received, peer.Id))
            {
                // The other side judges by the progress it knows of: tell it when ours is what decides.
                if (OnItsWay(ours) > 0 && !_newClaims.Contains(piece))
                    SendClaims(peer, [piece]);
                return;
            }
            Yields.Add(piece);
        }
        if (_claims.TryGetValue(piece, out var standing))
        {
            if (standing.Holder == peer)
            {
                if (received > standing.Received)
                    peer.ClaimsProgressAt = clock.Now;
                _claims[piece] = standing with { Received = Math.Max(received, standing.Received), HearsayUntil = 0 };
                return;
            }
            var isFirm = Firm.Contains(piece) && !standing.IsHearsay;
            if (isFirm && ComesFirst(piece, standing.Received, standing.Holder.Id, received, peer.Id))
            {
                Deny(piece, standing.Received);
                return;
            }
            if (isFirm)
                SendTaken(standing.Holder, [piece, received]);
            Remove(standing.Holder, piece);
        }
        if (availability.HeldNear.Contains(piece))
            Deny(piece, map.BlockCount(piece));
        Keep(piece, new Claim(peer, received, clock.Now));
    }

    private void Deny(int piece, int received)
    {
        _denied.Add(piece);
        _denied.Add(received);
    }

    private void TakeHearsay(PeerState peer, int piece, int received)
    {
        if (active.Find(piece) is not { IsClaimed: true } ours || peer.Have.Contains(piece))
            return;
        if (Rank(piece, OnItsWay(ours)) > Rank(piece, received))
        {
            // Who told us has last heard of ours a second ago: with what has come since, ours is first, and the other will be told.
            if (!_newClaims.Contains(piece))
                SendClaims(peer, [piece]);
            return;
        }
        var isKnown = _claims.TryGetValue(piece, out var standing);
        if (isKnown && (!standing.IsHearsay || clock.HasPassed(standing.Since, LongestHearsayMs)))
            return;
        ours.DeniedBy ??= peer.Connection.EndPoint.Address;
        if (ours.DeniedBy.Equals(peer.Connection.EndPoint.Address))
            return;
        Yields.Add(piece);
        Pause();
        var until = clock.Now + clock.Milliseconds(HearsayMs);
        if (isKnown)
            Refresh(piece, standing with { HearsayUntil = until });
        else
            Keep(piece, new Claim(peer, 0, clock.Now, until));
    }

    private void Pause()
    {
        if (IsPaused)
            return;
        _pauseMs = Math.Clamp(2 * _pauseMs, FirstPauseMs, LongestPauseMs);
        _pausedUntil = clock.Now + clock.Milliseconds(_pauseMs);
    }

    private void Refresh(int piece, Claim claim)
    {
        _claims[piece] = claim;
        Firm.Add(piece);
    }

    private void Keep(int piece, Claim claim)
    {
        var holder = claim.Holder;
        if (holder.Claims.Count >= MaxPerPeer)
            return;
        if (holder.Claims.Count == 0)
            holder.ClaimsProgressAt = clock.Now;
        holder.Claims.Add(piece);
        _claims.Add(piece, claim);
        Claimed.Add(piece);
        Firm.Add(piece);
    }

    private void SendTaken(PeerState peer, List<int> pieces)
    {
        if (pieces.Count == 0 || !Speaks(peer))
            return;
        var numbers = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(pieces);
        commands.SendExtended(peer, peer.ClaimsId, ClaimMessage.Write(ClaimMessageKind.Taken, numbers));
    }

    /// <summary>
    /// The first of two holders goes on. Eighths, so that a block on its way does not turn the order around while both are told.
    /// </summary>
    private bool ComesFirst(int piece, int received, PeerId id, int otherReceived, PeerId otherId)
    {
        var (more, less) = (Rank(piece, received), Rank(piece, otherReceived));
        return more == less ? id < otherId : more > less;
    }

    private int Rank(int piece, int received) => received == 0 ? 0 : 1 + received * 8 / map.BlockCount(piece);

    /// <summary>Blocks received, as the neighbours are told: at least one when some were asked for, because they will have crossed the link.</summary>
    private static int OnItsWay(ActivePiece piece) => Math.Max(piece.Received, piece.IsBegun ? 1 : 0);

    private void MarkStuck(PeerState peer, bool allStuck)
    {
        for (var place = peer.Claims.Count - 1; place >= 0; place--)
        {
            var piece = peer.Claims[place];
            var claim = _claims[piece];
            var isOld = clock.HasPassed(claim.Since, LongestMs);
            if (isOld && claim.IsHearsay)
                Remove(peer, piece);
            else if (claim.IsHearsay ? clock.Now < claim.HearsayUntil : !allStuck && !isOld)
                Firm.Add(piece);
            else if (Firm.Remove(piece))
                HasFreed = true;
        }
    }

    private void Remove(PeerState peer, int piece)
    {
        peer.Claims.Remove(piece);
        _claims.Remove(piece);
        Claimed.Remove(piece);
        Firm.Remove(piece);
        HasFreed = true;
    }
}
