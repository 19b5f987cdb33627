using StatelessSwarm.Engine.Leases;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Picking;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Downloading;

/// <summary>
/// Time's part in downloading: peers that do not deliver are snubbed (one request, their pieces are anyone's) and in the end
/// dropped; once nothing is left to start, an idle peer is asked for blocks that another one is slow with (endgame, at most two
/// peers per block).
/// </summary>
internal sealed class StallWatch(
    PieceMap map,
    ActivePieces active,
    Availability availability,
    ClaimLedger claims,
    SourceRules rules,
    PieceAssigner assigner,
    Downloader downloader,
    FarSources far,
    NearBacklog backlog,
    DownlinkWatch downlink,
    PeerTable peers,
    DownloadCounters counters,
    EngineOptions options,
    EngineClock clock
)
{
    /// <summary>Shortest wait for a block before its peer counts as stalled, in seconds.</summary>
    public const double ShortestTimeout = 3;

    /// <summary>The wait while a peer's rate is unknown, in seconds.</summary>
    public const double FirstTimeout = 6;

    /// <summary>A stalled peer that stays silent this long is dropped, in seconds.</summary>
    public const double DropAfter = 30;

    /// <summary>Stalls after which a peer is dropped; a piece finished clears the count.</summary>
    public const int MaxStalls = 4;

    /// <summary>A neighbour that has kept us waiting this long, and <see cref="LateFactor"/> times as long as the others, is late; in seconds.</summary>
    public const double LateAfter = 5;

    /// <summary>See <see cref="LateAfter"/>.</summary>
    public const double LateFactor = 8;

    /// <summary>
    /// Bytes per second of all neighbours together under which a node starves: 48 KiB. Whoever is beyond the WAN link and idle meanwhile is then
    /// asked, at the price of a second copy of those bytes.
    /// </summary>
    public const double StarvingRate = 48 * 1024;

    /// <summary>A late neighbour is tried again after this time, in milliseconds.</summary>
    public const int LateForMs = 20_000;

    /// <summary>Endgame: wait before a block of a slow neighbour is asked elsewhere, in seconds.</summary>
    public const double NearPatience = 0.75;

    /// <summary>Endgame: wait before a scarce source is asked for what another peer is slow with, in seconds.</summary>
    public const double ScarcePatience = 5;

    /// <summary>Endgame: blocks asked twice of one peer at a time.</summary>
    public const int MaxDuplicates = 16;

    private (long From, long Bytes)? _hungryFrom;

    /// <summary>Looks at one peer; the fault for which it must go, or none.</summary>
    public PeerFault Look(PeerState peer)
    {
        if (peer.Pending.Live == 0)
            return PeerFault.None;
        var since = Math.Max(peer.LastBlockAt, peer.Pending.OldestLiveAt);
        var waited = clock.Seconds(clock.Now - since);
        // What it is asked may have been taken back and asked again meanwhile: its silence goes on.
        if (peer.IsSnubbed)
            return clock.Seconds(clock.Now - peer.SilentSince) > DropAfter ? PeerFault.Stalled : PeerFault.None;
        var timeout = peer.Window.Rate > 0 ? Math.Max(ShortestTimeout, 4 * peer.Window.BlockSeconds) : FirstTimeout;
        // Behind a slow downlink of ours everybody lets us wait.
        if (waited <= timeout || waited <= downlink.ExcuseFor(downlink.OnItsWay))
            return PeerFault.None;
        peer.Stalls++;
        if (peer.Stalls >= MaxStalls)
            return PeerFault.Stalled;
        peer.IsSnubbed = true;
        peer.SilentSince = since;
        peer.Window.Restart();
        availability.Recount(peer);
        assigner.Wake();
        return PeerFault.None;
    }

    /// <summary>
    /// Finds neighbours whose uplink is no match for what is asked of them. They are measured against all others, because on a busy
    /// LAN, or behind a slow downlink of ours, everybody lets us wait.
    /// </summary>
    public void FindLate()
    {
        var sum = 0.0;
        var count = 0;
        for (var place = 0; place < peers.Count; place++)
        {
            if (!IsAsked(peers[place]))
                continue;
            sum += Waited(peers[place]);
            count++;
        }
        for (var place = 0; place < peers.Count; place++)
        {
            var peer = peers[place];
            if (peer.IsLate && clock.Now >= peer.LateUntil)
                SetLate(peer, false);
            if (peer.IsLate || peer.IsSource || !peer.IsLan || !IsAsked(peer))
                continue;
            var waited = Waited(peer);
            if (waited > LateAfter && !backlog.IsLong && (count == 1 || waited * (count - 1) > LateFactor * (sum - waited)))
                SetLate(peer, true);
        }
    }

    /// <summary>
    /// Finds that all neighbours together give next to nothing, for <see cref="LateAfter"/>, while peers beyond the WAN link wait for us: all of them
    /// are late then. A node that waited for them would be slower than a plain download.
    /// </summary>
    public void FindStarving()
    {
        if (!DependsOnNeighbours())
        {
            _hungryFrom = null;
            return;
        }
        if (_hungryFrom is not var (from, bytes))
        {
            _hungryFrom = (clock.Now, counters.Lan);
            return;
        }
        var seconds = clock.Seconds(clock.Now - from);
        if (seconds <= LateAfter)
            return;
        _hungryFrom = null;
        if (counters.Lan - bytes >= StarvingRate * seconds)
            return;
        for (var place = 0; place < peers.Count; place++)
        {
            if (peers[place] is { IsLan: true, IsLate: false } near && IsAsked(near))
                SetLate(near, true);
        }
    }

    /// <summary>Neighbours are asked, and nobody far is though there is somebody; and it is not our own limit that makes them slow.</summary>
    private bool DependsOnNeighbours()
    {
        if (options.Budget?.Limits.LanDown is { } limit && limit < 2 * StarvingRate)
            return false;
        var (isNearAsked, isFarIdle) = (false, false);
        for (var place = 0; place < peers.Count; place++)
        {
            var peer = peers[place];
            if (peer.IsLan)
                isNearAsked |= IsAsked(peer);
            else if (peer.Pending.Live > 0)
                return false;
            else
                isFarIdle |= peer is { IsClosing: false, IsSnubbed: false } && (peer.IsSource || peer.IsComplete || peer.WantedPieces > 0);
        }
        return isNearAsked && isFarIdle;
    }

    /// <summary>Asks idle peers for blocks that others are slow with, if nothing is left to start.</summary>
    public void Endgame()
    {
        if (map.IsComplete || active.Count == 0 || availability.Rarity.Offered.HasOutside(claims.Claimed))
            return;
        for (var place = 0; place < peers.Count; place++)
        {
            var peer = peers[place];
            if (peer.IsSuspect || (!peer.IsLan && !far.IsWorthIt(peer)))
                continue;
            var isIdle = peer is { IsClosing: false, IsChokingUs: false, IsSnubbed: false, IsLate: false } && peer.Pending.Live == 0;
            if (isIdle && clock.Now >= peer.PausedUntil && !rules.IsBarred(peer) && downloader.MayAsk(peer) && downlink.Room > 0)
                AskTwice(peer);
        }
    }

    private static bool IsAsked(PeerState peer) =>
        peer is { IsClosing: false, IsChokingUs: false, IsSnubbed: false } && peer.Pending.Live > 0;

    private double Waited(PeerState peer) => clock.Seconds(clock.Now - peer.Pending.OldestLiveAt);

    private void SetLate(PeerState peer, bool isLate)
    {
        peer.IsLate = isLate;
        peer.LateUntil = clock.Now + clock.Milliseconds(LateForMs);
        peer.Window.Restart();
        availability.Recount(peer);
        assigner.Wake();
    }

    /// <summary>Its owner has not delivered for a while, or at its pace what is left will take long.</summary>
    private bool IsSlow(ActivePiece piece, double patience)
    {
        var progressAt = piece.Owner is { } owner ? Math.Max(owner.LastBlockAt, piece.ProgressAt) : piece.ProgressAt;
        return clock.Seconds(clock.Now - progressAt) > Math.Max(patience, downlink.ExcuseFor(downlink.OnItsWay)) || (piece.Owner is { IsLan: true } && assigner.IsSlow(piece));
    }

    private void AskTwice(PeerState peer)
    {
        var left = MaxDuplicates;
        for (var place = 0; place < active.Count && left > 0; place++)
        {
            var piece = active[place];
            if (piece.IsSolo || piece.IsWhole || piece.Owner == peer || !peer.Have.Contains(piece.Piece))
                continue;
            var isFree = rules.IsFree(peer);
            if (!IsSlow(piece, isFree ? NearPatience : ScarcePatience) || (!isFree && claims.Firm.Contains(piece.Piece)))
                continue;
            if (!isFree && !piece.IsClaimed)
            {
                // A neighbour has it but cannot give it: one of us fetches it again, for all.
                piece.IsClaimed = true;
                claims.Claim(piece.Piece);
            }
            // The owner delivers from the front.
            for (var block = piece.BlockCount - 1; block >= 0 && left > 0; block--)
            {
                if (piece.StateOf(block) != BlockState.Requested || piece.AskedSecond(block) is not null)
                    continue;
                if (piece.AskedFirst(block) == peer || !downloader.Ask(peer, piece, block))
                    continue;
                left--;
            }
        }
    }
}
