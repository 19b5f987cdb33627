using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Uploading;

/// <summary>
/// Answers requests. They wait here, where a CANCEL finds them; only a bounded number of bytes is in the shell's hands, per peer
/// about a quarter second's worth and for all about half a second's. Turns last a piece or so: on a slow uplink one neighbour then
/// has a whole piece early and can hand it on, while with turns of one block all would have theirs late.
/// </summary>
internal sealed class Uploader(PieceMap map, PeerTable peers, CommandQueue commands, EngineClock clock, EngineOptions options)
{
    /// <summary>Bytes of a turn: a piece or so.</summary>
    public const int TurnBytes = 256 * 1024;

    private const int FirstAllowance = 128 * 1024;
    private const int LeastAllowance = 32 * 1024;
    private const int LeastAhead = 256 * 1024;
    private const double AheadSeconds = 0.25;
    private const double TotalAheadSeconds = 0.5;

    private readonly Queue<PeerState> _turns = new();
    private readonly FairTurns _fair = new(peers, clock);
    private long _uploading;
    private long _ahead = Math.Min(4 * LeastAhead, options.UploadAhead);
    private long _rateFrom = clock.Now;
    private long _rateBytes;

    /// <summary>Payload sent to neighbours.</summary>
    public long SentLanBytes { get; private set; }

    /// <summary>Payload sent beyond the WAN link.</summary>
    public long SentWanBytes { get; private set; }

    /// <summary>Nobody waits for a block, and none is in the shell's hands.</summary>
    public bool IsIdle => _uploading == 0 && _turns.Count == 0;

    /// <summary>When <see cref="Advance"/> has something to do; null when nothing waits for time.</summary>
    public long? WakeAt => _turns.Count > 0 ? _fair.WakeAt : null;

    /// <summary>Time has passed.</summary>
    public void Advance()
    {
        if (_fair.Advance())
            Pump();
    }

    /// <summary>A request came from a peer that keeps the rules of <see cref="RequestRules"/>. It waits its turn, or is refused.</summary>
    public void Requested(PeerState peer, BlockRange block)
    {
        var isHidden = peer.Revealed is { } revealed && !revealed.Set.Contains(block.Piece.Value);
        if (
            (peer.AreWeChoking && !MayHaveFast(peer, block))
            || isHidden
            || !map.Verified.Contains(block.Piece.Value)
            || peer.Uploads.Count >= options.RequestQueue
        )
        {
            peer.RefusedRequests++;
            Refuse(peer, block);
            return;
        }
        if (peer.AreWeChoking)
            peer.FastBytesLeft -= block.Length;
        _fair.Wants(peer);
        peer.Uploads.Add(block);
        Enlist(peer);
        Pump();
    }

    /// <summary>A request was taken back: refused if it still waits (BEP 6: one answer each), else its block is the answer.</summary>
    public void Cancelled(PeerState peer, BlockRange block)
    {
        if (peer.Uploads.TryRemove(block))
            Refuse(peer, block);
    }

    /// <summary>The peer is choked: what waits is refused.</summary>
    public void Choked(PeerState peer)
    {
        for (var waiting = peer.Uploads.Count; waiting > 0 && peer.Uploads.TryTake(out var block); waiting--)
        {
            if (MayHaveFast(peer, block))
                peer.Uploads.Add(block);
            else
                Refuse(peer, block);
        }
    }

    /// <summary>A peer that has to wait for its turn gets pieces to begin with (BEP 6), of those we have.</summary>
    public void GiveFastSet(PeerState peer)
    {
        if (!peer.AreWeChoking || !peer.IsFast)
            return;
        var set = AllowedFastSet.Make(peer.Connection.EndPoint.Address, peer.Connection.Handshake.InfoHash, map.PieceCount);
        peer.FastGiven = Array.FindAll(set, map.Verified.Contains);
        foreach (var piece in peer.FastGiven)
        {
            peer.FastBytesLeft += map.WireLength(piece);
            commands.Send(peer, new PeerMessage(PeerMessageKind.AllowedFast, piece));
        }
    }

    /// <summary>The connection is gone.</summary>
    public void Gone(PeerState peer)
    {
        while (peer.Uploads.TryTake(out _)) { }
        _uploading -= peer.UploadingBytes;
        peer.UploadingBytes = 0;
        Pump();
    }

    /// <summary>A block has left.</summary>
    public void Sent(PeerState peer, BlockRange block)
    {
        var bytes = Math.Min(block.Length, peer.UploadingBytes);
        peer.UploadingBytes -= bytes;
        _uploading -= bytes;
        if (peer.IsLan)
            SentLanBytes += bytes;
        else
            SentWanBytes += bytes;
        _fair.Sent(peer, bytes);
        peer.LastServedAt = clock.Now;
        peer.UploadProgressAt = clock.Now;
        peer.ServedSinceUnchoke += bytes;
        Measure(peer, bytes);
        _fair.Advance();
        Enlist(peer);
        Pump();
    }

    private void Refuse(PeerState peer, BlockRange block)
    {
        if (peer.IsFast && !peer.IsClosing)
            commands.Send(peer, PeerMessageKind.RejectRequest, block);
    }

    /// <summary>Of its allowed-fast set, each byte about once, and only while it has no more than such a set.</summary>
    private static bool MayHaveFast(PeerState peer, BlockRange block) =>
        peer.FastBytesLeft >= block.Length
        && peer.Have.Count <= AllowedFastSet.Size
        && Array.IndexOf(peer.FastGiven, block.Piece.Value) >= 0;

    private void Enlist(PeerState peer)
    {
        if (peer.IsInUploadRound || peer.IsClosing || peer.Uploads.Count == 0)
            return;
        if (peer.UploadingBytes == 0)
        {
            // From idle: what was measured before includes the pause.
            peer.UploadProgressAt = clock.Now;
            peer.RateFrom = clock.Now;
            peer.RateBytes = 0;
        }
        if (peer.UploadAllowance == 0)
            peer.UploadAllowance = Math.Min(peer.IsLan ? FirstAllowance : LeastAllowance, options.UploadAheadPerPeer);
        peer.IsInUploadRound = true;
        _turns.Enqueue(peer);
    }

    private void Pump()
    {
        var passed = 0;
        _fair.Look();
        while (_turns.Count > passed)
        {
            var peer = _turns.Dequeue();
            if (peer.IsClosing || peer.Uploads.Count == 0 || peer.UploadingBytes >= AllowanceOf(peer))
            {
                peer.IsInUploadRound = false;
                continue;
            }
            if ((_uploading >= _ahead && peer.UploadingBytes > 0) || !_fair.MayHave(peer))
            {
                passed++;
                _turns.Enqueue(peer);
                continue;
            }
            passed = 0;
            Serve(peer);
            _turns.Enqueue(peer);
        }
    }

    /// <summary>Who gets less than its part is slow because of that, and is not to be measured by it.</summary>
    private int AllowanceOf(PeerState peer) => Math.Max(peer.UploadAllowance, Math.Min(_fair.AheadOf(peer), options.UploadAheadPerPeer));

    /// <summary>As much of a turn as there is room for, at least one block.</summary>
    private void Serve(PeerState peer)
    {
        var left = TurnBytes;
        do
        {
            if (!peer.Uploads.TryTake(out var block))
                return;
            peer.UploadingBytes += block.Length;
            _uploading += block.Length;
            left -= block.Length;
            _fair.Give(peer, block.Length);
            commands.SendBlock(peer, block);
        } while (left > 0 && _uploading < _ahead && peer.UploadingBytes < AllowanceOf(peer) && _fair.MayHave(peer));
    }

    private void Measure(PeerState peer, int bytes)
    {
        _rateBytes += bytes;
        var since = clock.Seconds(clock.Now - _rateFrom);
        if (since > 0.1)
        {
            var total = (long)Math.Min(_rateBytes / since * TotalAheadSeconds, options.UploadAhead);
            _ahead = Math.Max((_ahead + total) / 2, Math.Min(LeastAhead, options.UploadAhead));
            _rateFrom = clock.Now;
            _rateBytes = 0;
        }
        peer.RateBytes += bytes;
        var seconds = clock.Seconds(clock.Now - peer.RateFrom);
        if (seconds < 0.05)
            return;
        var ahead = (int)Math.Min(peer.RateBytes / seconds * AheadSeconds, options.UploadAheadPerPeer);
        var least = Math.Min(LeastAllowance, options.UploadAheadPerPeer);
        peer.UploadAllowance = Math.Max((peer.UploadAllowance + Math.Max(ahead, least)) / 2, least);
        peer.RateFrom = clock.Now;
        peer.RateBytes = 0;
    }
}
