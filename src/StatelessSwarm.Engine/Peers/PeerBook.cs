using System.Net;
using StatelessSwarm.Engine.Chance;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Peers;

/// <summary>
/// Peers we have heard of, and when to connect to which: neighbours first, a bounded number of attempts at a time, longer pauses
/// after each failure, with some chance in them so that a site does not knock in step.
/// </summary>
internal sealed class PeerBook(PeerTable peers, CommandQueue commands, EngineClock clock, SeededRandom random, EngineOptions options)
{
    /// <summary>Peers remembered.</summary>
    public const int MaxKnown = 2048;

    /// <summary>Liars' ids remembered.</summary>
    public const int MaxBanned = 1024;

    private const int FirstRetryMs = 1000;
    private const int LongestRetryMs = 120_000;
    private const int RediscoveredRetryMs = 3000;
    private const int BothCompleteRetryMs = 600_000;

    private readonly Dictionary<IPEndPoint, KnownPeer> _byEndPoint = [];
    private readonly List<KnownPeer> _known = [];
    private readonly HashSet<PeerId> _bannedIds = [];

    /// <summary>Attempts under way.</summary>
    public int HalfOpen { get; private set; }

    /// <summary>True when every peer we know is connected, being connected or banned.</summary>
    public bool IsIdle => _known.TrueForAll(known => known.State != KnownPeerState.Idle);

    /// <summary>Somebody told us of a peer.</summary>
    /// <param name="endPoint">Where it accepts peers.</param>
    /// <param name="source">Who told us.</param>
    /// <param name="reach">How far it is.</param>
    /// <param name="isComplete">We have everything, so nothing is urgent.</param>
    public void Discovered(IPEndPoint endPoint, PeerSource source, PeerReach reach, bool isComplete)
    {
        if (endPoint.Port == 0)
            return;
        if (_byEndPoint.TryGetValue(endPoint, out var known))
        {
            if (reach == PeerReach.Lan)
                known.Reach = PeerReach.Lan;
            if (source == PeerSource.Manual)
                known.Source = PeerSource.Manual;
            // Heard of again, so it is probably alive: no need to sit a long pause out.
            if (known.State == KnownPeerState.Idle && known.Failures > 0 && !isComplete)
                known.RetryAt = Math.Min(known.RetryAt, known.TriedAt + clock.Milliseconds(RediscoveredRetryMs));
            return;
        }
        if (_known.Count >= MaxKnown && !Forget())
            return;
        known = new KnownPeer(endPoint, source, reach) { RetryAt = clock.Now };
        _byEndPoint.Add(endPoint, known);
        _known.Add(known);
    }

    /// <summary>An attempt came to nothing.</summary>
    public void Failed(IPEndPoint endPoint)
    {
        if (!_byEndPoint.TryGetValue(endPoint, out var known) || known.State != KnownPeerState.Connecting)
            return;
        HalfOpen--;
        known.State = KnownPeerState.Idle;
        known.Failures++;
        known.RetryAt = clock.Now + Pause(known.Failures);
    }

    /// <summary>A connection stands.</summary>
    public void Connected(PeerState peer)
    {
        if (!peer.Connection.IsOutgoing || !_byEndPoint.TryGetValue(peer.Connection.EndPoint, out var known))
            return;
        if (known.State == KnownPeerState.Connecting)
            HalfOpen--;
        if (known.State == KnownPeerState.Banned)
            return;
        known.State = KnownPeerState.Connected;
        peer.Known = known;
    }

    /// <summary>A connected peer said which port it listens on: it need not be connected a second time.</summary>
    public void Listens(PeerState peer, int port)
    {
        if (peer.Known is not null || port is <= 0 or > ushort.MaxValue)
            return;
        var endPoint = new IPEndPoint(peer.Connection.EndPoint.Address, port);
        Discovered(endPoint, PeerSource.Incoming, peer.IsLan ? PeerReach.Lan : PeerReach.Wan, isComplete: true);
        if (!_byEndPoint.TryGetValue(endPoint, out var known) || known.State != KnownPeerState.Idle)
            return;
        known.State = KnownPeerState.Connected;
        peer.Known = known;
    }

    /// <summary>A connection ended.</summary>
    /// <param name="peer">Its state.</param>
    /// <param name="fault">Why, if we ended it; <see cref="PeerFault.BothComplete"/> also when the other side did, having everything like us.</param>
    /// <param name="survivor">The other connection to the same peer, if it was one too many.</param>
    public void Disconnected(PeerState peer, PeerFault fault, PeerState? survivor)
    {
        if (peer.Known is not { } known)
            return;
        peer.Known = null;
        if (known.State != KnownPeerState.Connected)
            return;
        if (survivor is { Known: null })
        {
            survivor.Known = known;
            return;
        }
        known.State = fault is PeerFault.SelfConnection or PeerFault.WrongData ? KnownPeerState.Banned : KnownPeerState.Idle;
        known.TriedAt = clock.Now;
        if (fault is PeerFault.BothComplete or PeerFault.DuplicateConnection)
        {
            known.RetryAt = clock.Now + clock.Milliseconds(BothCompleteRetryMs);
            return;
        }
        // A connection that was of use starts the count afresh.
        known.Failures = clock.HasPassed(peer.ConnectedAt, LongestRetryMs) ? 1 : known.Failures + 1;
        known.RetryAt = clock.Now + Pause(known.Failures);
    }

    /// <summary>Never again.</summary>
    public void Ban(PeerState peer)
    {
        if (_bannedIds.Count < MaxBanned)
            _bannedIds.Add(peer.Id);
    }

    /// <summary>True for a peer that lied to us.</summary>
    public bool IsBanned(PeerId id) => _bannedIds.Contains(id);

    /// <summary>Opens connections up to the bounds. Complete nodes wait to be asked.</summary>
    public void Connect(bool isComplete)
    {
        if (HalfOpen >= options.MaxHalfOpen || _known.Count == 0)
            return;
        var lan = 0;
        var wan = 0;
        foreach (var known in _known)
        {
            if (known.State is not (KnownPeerState.Connecting or KnownPeerState.Connected))
                continue;
            if (known.Reach == PeerReach.Lan)
                lan++;
            else
                wan++;
        }
        // Peers that somebody named, the seed above all, come before those merely heard of.
        lan += Connect(PeerReach.Lan, true, options.LanPeers - lan, isComplete);
        wan += Connect(PeerReach.Wan, true, options.WanPeers - wan, isComplete);
        Connect(PeerReach.Lan, false, options.LanPeers - lan, isComplete);
        Connect(PeerReach.Wan, false, options.WanPeers - wan, isComplete);
    }

    private int Connect(PeerReach reach, bool isNamed, int most, bool isComplete)
    {
        var wanted = most;
        if (wanted <= 0)
            return 0;
        var start = random.Below(_known.Count);
        for (var step = 0; step < _known.Count && wanted > 0; step++)
        {
            if (HalfOpen >= options.MaxHalfOpen || peers.Count + HalfOpen >= options.MaxPeers)
                break;
            var known = _known[(start + step) % _known.Count];
            if (known.State != KnownPeerState.Idle || known.Reach != reach || known.RetryAt > clock.Now)
                continue;
            if (isNamed != (known.Source == PeerSource.Manual) || (isComplete && !isNamed))
                continue;
            known.State = KnownPeerState.Connecting;
            known.TriedAt = clock.Now;
            HalfOpen++;
            wanted--;
            commands.Connect(known.EndPoint);
        }
        return most - wanted;
    }

    private long Pause(int failures)
    {
        var pause = (long)FirstRetryMs << Math.Min(failures - 1, 10);
        pause = Math.Min(pause, LongestRetryMs);
        return clock.Milliseconds(pause + random.Below((int)pause / 2));
    }

    private bool Forget()
    {
        var worst = -1;
        for (var index = 0; index < _known.Count; index++)
        {
            if (_known[index].State == KnownPeerState.Idle && (worst < 0 || _known[index].Failures > _known[worst].Failures))
                worst = index;
        }
        if (worst < 0 || _known[worst].Failures == 0)
            return false;
        _byEndPoint.Remove(_known[worst].EndPoint);
        _known.RemoveAt(worst);
        return true;
    }
}
