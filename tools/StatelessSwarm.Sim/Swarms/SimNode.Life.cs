using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Sim.Networks;
using StatelessSwarm.Sim.Scenarios;

namespace StatelessSwarm.Sim.Swarms;

// Starting, finding others, and what goes wrong.
internal sealed partial class SimNode
{
    private const int FirstAnnounce = 1;

    private readonly List<(long From, long Until)> _cuts = [];

    /// <summary>Plans the node's first events.</summary>
    public void Plan() => Site.Events.Push(StartAt, this, StartDue);

    /// <summary>Plans an action of the scenario's.</summary>
    public void Plan(long at, int action) => Site.Events.Push(at, this, FaultDue, action);

    /// <summary>The handshake it says in one of its lives; the same whoever asks, wherever.</summary>
    public Handshake Introduction(int life)
    {
        var random = new SimRandom(unchecked(_seed * 31 + (ulong)life));
        Span<byte> id = stackalloc byte[12];
        for (var place = 0; place < id.Length; place++)
            id[place] = (byte)random.Below(256);
        return new Handshake(default, PeerId.Create(id), true, true, !_swarm.Scenario.Image.IsV1);
    }

    private void Start()
    {
        if (!IsDead)
            return;
        IEnumerable<PieceIndex> verified = IsSeed ? _swarm.Torrent.AllPieces : [];
        if (Life > 0)
        {
            var before = Engine;
            verified = _swarm.Torrent.AllPieces.Where(before.HasPiece).ToList();
            WastedBefore += before.Status.WastedBytes;
            // To what comes on connections of the former life, the kernel answers that it knows none.
            foreach (var pipe in _pipes)
            {
                if (pipe is { IsOpen: true })
                {
                    pipe.TellClosed();
                    pipe.Close();
                }
            }
            for (var place = 0; place < _pipes.Count; place++)
                _pipes[place] = null;
        }
        IsDead = false;
        IsSilent = false;
        Life++;
        _outUntil = Now;
        _busyUntil = 0;
        _inbox.Clear();
        _sent.Clear();
        _tickAt = VirtualClock.Never;
        TimeProvider time = _skewed is null ? Site.Clock : _skewed;
        Options = _swarm.OptionsOf(this, Introduction(Life).PeerId, time);
        var seed = _random.Next();
        Engine = _swarm.Scenario.Image.IsV1
            ? new TorrentEngine(_swarm.Torrent.V1Info, null, Options, time, seed)
            : new TorrentEngine(_swarm.Torrent.Info, _swarm.Torrent.Layers, Options, time, seed);
        Engine.Start(verified);
        Settle();
        FindOthers();
    }

    private void FindOthers()
    {
        _heardOf.Clear();
        var spread = _swarm.DiscoverySpread;
        if (_swarm.Scenario.HasMulticast)
        {
            foreach (var other in Site.Nodes)
            {
                if (other == this || other.IsDead)
                    continue;
                Site.Events.Push(Now + Within(spread), this, NeighbourHeard, other.Number);
                Site.Events.Push(Now + Within(spread), other, NeighbourHeard, Number);
            }
        }
        if (!IsSeed)
            Site.Events.Push(Now + Within(spread), this, AnnounceDue, Life << 1 | FirstAnnounce);
    }

    private long Within(long spread) => 1 + (long)(_random.Share() * spread);

    /// <summary>Of all it was told of, somebody lives. Who knows nobody cannot be expected to finish.</summary>
    public bool KnowsSomebody => _heardOf.Exists(static other => !other.IsDead);

    /// <summary>A neighbour by multicast. A browser asks again for those it could not hear.</summary>
    private void Hear(int number)
    {
        var other = _swarm.Nodes[number];
        if (!IsDead && !other.IsDead && (IsFrozen || IsCut(other)))
            Site.Events.Push(Now + VirtualClock.Second, this, NeighbourHeard, number);
        else
            Discover(other, PeerSource.Neighbour);
    }

    private void Discover(SimNode other, PeerSource source)
    {
        if (IsDead || IsFrozen || (other.Site == Site && IsCut(other)))
            return;
        if (!_heardOf.Contains(other))
            _heardOf.Add(other);
        Engine.PeerDiscovered(other.EndPoint, source, ReachOf(other));
        SettleOrWait();
    }

    private bool IsCut(SimNode other) =>
        Up.Wire.NextOpen(Now) > Now || other.Up.Wire.NextOpen(Now) > Now || Site.WholeAt(this, other, Now) > Now;

    private void Announce(int argument)
    {
        if (IsDead || argument >> 1 != Life)
            return;
        if (IsFrozen)
        {
            Site.Events.Push(Now + VirtualClock.Second, this, AnnounceDue, argument);
            return;
        }
        if ((argument & FirstAnnounce) != 0)
        {
            foreach (var seed in _swarm.Seeds)
                Discover(seed, PeerSource.Manual);
        }
        var isReached = Up.Wire.NextOpen(Now) == Now && Site.Up.NextOpen(Now) == Now;
        if (isReached && Now < _swarm.Plan.TrackerDiesAt)
            _swarm.Plan.Answer(this, Now, _random, other => Discover(other, PeerSource.Tracker));
        Site.Events.Push(Now + _swarm.AnnounceInterval, this, AnnounceDue, Life << 1);
    }

    private void Suffer(in FaultAction action)
    {
        switch (action.Kind)
        {
            case FaultActionKind.Crash or FaultActionKind.Power when !IsDead:
                Die(action.Kind == FaultActionKind.Power);
                break;
            case FaultActionKind.Start:
                Start();
                break;
            case FaultActionKind.Freeze:
                IsFrozen = true;
                break;
            case FaultActionKind.Thaw when IsFrozen:
                IsFrozen = false;
                _outUntil = Now;
                if (!IsDead)
                {
                    PlanWake();
                    PlanTick();
                }
                break;
            case FaultActionKind.Stall:
                Stalls = true;
                break;
            case FaultActionKind.Unstall:
                Stalls = false;
                _outUntil = Now;
                break;
            case FaultActionKind.Lie:
                Lies = true;
                break;
            case FaultActionKind.SlowDisk:
                _diskRate = action.Value / 8;
                break;
            case FaultActionKind.SlowUp:
                Up.Wire.SetRate(action.Value);
                break;
            case FaultActionKind.SlowDown:
                Down.SetRate(action.Value);
                break;
            case FaultActionKind.CutOver:
                _outUntil = Now;
                break;
            default:
                break;
        }
    }

    private void Die(bool isSilent)
    {
        IsDead = true;
        IsSilent = isSilent;
        _inbox.Clear();
        _sent.Clear();
        if (isSilent)
            return;
        foreach (var pipe in _pipes)
        {
            if (pipe is { IsOpen: true } && pipe.Life == Life)
            {
                pipe.TellClosed();
                pipe.Close();
            }
        }
    }
}
