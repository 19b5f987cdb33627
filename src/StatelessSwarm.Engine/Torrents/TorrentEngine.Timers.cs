using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Torrents;

// Time: one tick, short while blocks are under way, long while nothing is.
public sealed partial class TorrentEngine
{
    /// <summary>Pieces that came from neighbours are told beyond the WAN link this often: packets hold a few of them then.</summary>
    private const int TellFarMs = 1000;

    /// <summary>A peer without BEP 6 drops what we take back silently, or its answer crosses: after this time none is expected.</summary>
    private const int CancelledMs = 60_000;

    /// <summary>
    /// Far peers that we ask nothing of are sent a word so often while there is a queue: their acknowledgements tell whether it is on our own
    /// link. Longer than their retransmission timer, so that they acknowledge at once.
    /// </summary>
    private const int ProbeMs = 500;

    /// <summary>Far peers probed at a time.</summary>
    private const int MaxProbes = 4;

    private const int BusyTickMs = 100;
    private const int IdleTickMs = 5000;
    private const int RecheckMs = 1000;

    private long? _nextAdvance;
    private long _recheckedAt;
    private bool _wasFarOff;

    /// <summary>When <see cref="Advance"/> wants to be called, as a timestamp of the given clock; null for never.</summary>
    public long? NextAdvance => _nextAdvance;

    /// <summary>Time has passed: timers are looked at.</summary>
    public void Advance()
    {
        BeginEvent();
        _nextAdvance = null;
        for (var place = 0; place < _peers.Count; place++)
        {
            var peer = _peers[place];
            if (peer.IsClosing)
                continue;
            var fault = LookAt(peer);
            if (fault != PeerFault.None)
                Drop(peer, fault);
        }
        _leaves.Advance();
        DropLiars();
        if (!_map.IsComplete)
        {
            _stalls.FindLate();
            _stalls.FindStarving();
        }
        _downlink.Advance();
        if (_backlog.Advance())
            BacklogTurned();
        if (_untoldFar.Count > 0 && _clock.HasPassed(_toldFarAt, TellFarMs))
            TellFar();
        _claims.Advance();
        LeaveWhatIsOff();
        Probe();
        _gate.Reset();
        _spread.Advance();
        _uploader.Advance();
        _choker.Advance();
        _exchange.Advance();
        _superSeeder?.Advance();
        // The wait for neighbours is over with this look, so there was none before it.
        var isFarOpen = _recheckedAt < _rules.FarFrom && _clock.Now >= _rules.FarFrom;
        if (isFarOpen || _clock.HasPassed(_recheckedAt, RecheckMs))
        {
            // Costs little, and a missed wake-up then costs a second at most.
            _recheckedAt = _clock.Now;
            _assigner.Wake();
        }
        for (var place = 0; place < _peers.Count; place++)
            _downloader.Fill(_peers[place]);
        _filledEpoch = _assigner.Epoch;
        _stalls.Endgame();
        _book.Connect(_map.IsComplete);
        EndEvent();
    }

    /// <summary>Behind, we leave scarce sources to neighbours that are not: also what we have only begun to fetch.</summary>
    private void BacklogTurned()
    {
        if (_options.UsesClaims)
            _claims.SetBehind(_backlog.IsLong);
        if (_backlog.IsLong && _availability.AbleClaimants > 0)
            _claims.YieldWhatIsYoung();
        _assigner.Wake();
    }

    /// <summary>Not allowed to fetch from afar any more: what we claimed is for others.</summary>
    private void LeaveWhatIsOff()
    {
        var isFarOff = _budget.IsFarOff;
        if (isFarOff && !_wasFarOff)
            _claims.YieldAll();
        _wasFarOff = isFarOff;
    }

    private void Probe()
    {
        if (_map.IsComplete || !_gate.IsDoubtful)
            return;
        var probes = 0;
        for (var step = 0; step < _peers.Count && probes < MaxProbes; step++)
        {
            var peer = _peers[(step) % _peers.Count];
            if (peer.IsLan || peer.IsWebSeed || peer.IsClosing || peer.Pending.Live > 0)
                continue;
            probes++;
            if (_clock.HasPassed(peer.LastSentAt, ProbeMs))
                _commands.Send(peer, PeerMessageKind.KeepAlive);
        }
    }

    private PeerFault LookAt(PeerState peer)
    {
        if (peer.IsWebSeed)
            return _stalls.Look(peer);
        if (!peer.IsFast)
            peer.Pending.ForgetCancelled(_clock.Now - _clock.Milliseconds(CancelledMs));
        if (_clock.HasPassed(peer.LastHeardAt, _options.SilenceTimeout))
            return PeerFault.Silent;
        if (peer.UploadingBytes > 0 && _clock.HasPassed(peer.UploadProgressAt, _options.UploadStallTimeout))
            return PeerFault.Stalled;
        if (_clock.HasPassed(peer.LastSentAt, _options.KeepAliveInterval))
            _commands.Send(peer, PeerMessageKind.KeepAlive);
        return _stalls.Look(peer);
    }

    /// <summary>Brings the next tick forward when there is something to watch.</summary>
    private void WakeForWork()
    {
        if (_peers.Count == 0 && _book.IsIdle)
        {
            _nextAdvance = null;
            return;
        }
        var isBusy = (!_map.IsComplete && _peers.Count > 0) || _claims.OwnCount > 0 || _superSeeder is { IsActive: true };
        var due = _clock.Now + _clock.Milliseconds(isBusy ? BusyTickMs : IdleTickMs);
        if (_assigner.ReadyAt > _clock.Now && _assigner.ReadyAt < due)
            due = _assigner.ReadyAt;
        if (_gate.WakeAt < due)
            due = _gate.WakeAt;
        if (_uploader.WakeAt < due)
            due = _uploader.WakeAt.Value;
        if (!_map.IsComplete && _peers.Count == 0)
            due = _clock.Now + _clock.Milliseconds(RecheckMs);
        if (_nextAdvance is not { } next || next > due)
            _nextAdvance = due;
    }
}
