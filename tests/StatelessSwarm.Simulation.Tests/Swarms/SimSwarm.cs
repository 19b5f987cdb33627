using System.Net;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Simulation.Tests.Networks;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Simulation.Tests.Swarms;

/// <summary>A torrent, a virtual network and the nodes on it. One number decides everything that is left to chance.</summary>
public sealed class SimSwarm(SyntheticTorrent torrent, int seed) : IDisposable
{
    private readonly Dictionary<IPEndPoint, SimNode> _byEndPoint = [];
    private readonly Random _random = new(seed);
    private Func<SimNode, SimNode, bool>? _isCut;

    /// <summary>What a connection attempt takes to fail when nobody answers: the shell's limit.</summary>
    private const long ConnectTimeout = 8 * VirtualClock.Second;

    public SyntheticTorrent Torrent => torrent;

    /// <summary>The torrent is v1-only: pieces are checked by the shell, which takes <see cref="CheckMilliseconds"/>.</summary>
    public bool IsV1 { get; init; }

    public double CheckMilliseconds { get; init; } = 5;

    public VirtualClock Clock { get; } = new();

    public EventQueue Events => field ??= new EventQueue(Clock);

    public EventLog Log { get; } = new();

    public List<SimNode> Nodes { get; } = [];

    public List<Site> Sites { get; } = [];

    public SimNode Seed => Nodes[0];

    public IEnumerable<SimNode> Leechers => Nodes.Skip(1);

    public Site AddSite(double downBitsPerSecond, double upBitsPerSecond, double delayMs)
    {
        var site = new Site(Sites.Count, downBitsPerSecond, upBitsPerSecond, delayMs);
        Sites.Add(site);
        return site;
    }

    public SimNode AddNode(Site site, double upBitsPerSecond, double downBitsPerSecond, Func<EngineOptions, EngineOptions>? change = null)
    {
        var number = Nodes.Count;
        var id = new byte[12];
        _random.NextBytes(id);
        var options = new EngineOptions { PeerId = PeerId.Create(id), ListenPort = 6881 };
        var node = new SimNode(
            this,
            number,
            site,
            new Link($"n{number}.up", upBitsPerSecond, 0.1),
            new Link($"n{number}.down", downBitsPerSecond, 0.1),
            change?.Invoke(options) ?? options,
            (ulong)_random.NextInt64()
        );
        Nodes.Add(node);
        _byEndPoint.Add(node.EndPoint, node);
        return node;
    }

    /// <summary>All nodes but those of <paramref name="later"/> start within <paramref name="spreadMs"/> and hear of all others within
    /// <paramref name="hearMs"/> more.</summary>
    public void StartAll(double spreadMs = 200, double hearMs = 200, params SimNode[] later)
    {
        foreach (var node in Nodes)
        {
            if (later.Contains(node))
                continue;
            var at = node == Seed ? 0 : Within(spreadMs);
            Events.At(at, () => node.Start(node == Seed));
            foreach (var other in Nodes)
            {
                if (other != node && !later.Contains(other))
                    Events.At(at + Within(hearMs) + 1, () => node.Discover(other));
            }
        }
    }

    /// <summary>A node boots at a time; it and those that are there hear of each other within 200 ms.</summary>
    public void StartLate(SimNode node, double seconds)
    {
        var at = (long)(seconds * VirtualClock.Second);
        Events.At(at, () =>
        {
            node.Start(false);
            foreach (var other in Nodes.Where(other => other != node && other is { IsStarted: true, IsDead: false }))
            {
                Events.After(Within(200), () => node.Discover(other));
                Events.After(Within(200), () => other.Discover(node));
            }
        });
    }

    /// <summary>Cuts the network between these nodes and all others of <paramref name="from"/> at a time, and mends it at another.</summary>
    public void Cut(IReadOnlyList<SimNode> nodes, Func<SimNode, bool> from, double seconds, double until)
    {
        bool Crosses(SimNode one, SimNode other) =>
            (nodes.Contains(one) && !nodes.Contains(other) && from(other)) || (nodes.Contains(other) && !nodes.Contains(one) && from(one));
        void Set(bool isCut)
        {
            foreach (var node in Nodes)
            {
                foreach (var connection in node.Connections.ToList())
                {
                    if (Crosses(node, connection.Other(node)))
                        connection.Cut(isCut);
                }
            }
        }
        Events.At((long)(seconds * VirtualClock.Second), () =>
        {
            _isCut = Crosses;
            Set(true);
        });
        Events.At((long)(until * VirtualClock.Second), () =>
        {
            _isCut = null;
            Set(false);
        });
    }

    /// <summary>Runs until every living node is complete.</summary>
    public bool Run(double seconds) =>
        Events.Run((long)(seconds * VirtualClock.Second), () => Nodes.TrueForAll(node => node.DoneAt is not null || node.IsDead || node.IsFrozen));

    /// <summary>When the last one of those that live and are honest was done.</summary>
    public double LastNodeSeconds =>
        Leechers.Where(node => node is { IsDead: false, IsFrozen: false, IsLiar: false }).Max(node => node.DoneAt ?? long.MaxValue) / 1e9;

    public double CopiesFrom(SimNode node) => (double)node.SentPayload / Torrent.Info.ContentBytes;

    public double CopiesInto(Site site) => (double)site.PayloadIn / Torrent.Info.ContentBytes;

    public double WastedShare =>
        Leechers.Sum(node => (double)node.Engine.Status.WastedBytes) / Leechers.Count() / Torrent.Info.ContentBytes;

    public void Connect(SimNode opener, IPEndPoint endPoint)
    {
        if (!_byEndPoint.TryGetValue(endPoint, out var answerer) || answerer.IsDead || !answerer.IsStarted)
        {
            Events.After(1_000_000, () => opener.ConnectFailed(endPoint));
            return;
        }
        if (_isCut?.Invoke(opener, answerer) == true)
        {
            Events.After(ConnectTimeout, () => opener.ConnectFailed(endPoint));
            return;
        }
        var connection = new SimConnection(this, opener, answerer);
        var trip = connection.From(opener).PathDelay;
        var reserved = new IPEndPoint(opener.EndPoint.Address, 30_000 + Nodes.Count);
        Events.After(3 * trip, () =>
            answerer.Connected(connection, connection.HandleAt(answerer), Peer(opener, reserved, answerer.ReachOf(opener), false)));
        Events.After(4 * trip, () =>
            opener.Connected(connection, connection.HandleAt(opener), Peer(answerer, endPoint, opener.ReachOf(answerer), true)));
    }

    public void Dispose() => Log.Dispose();

    private long Within(double milliseconds) => (long)(_random.NextDouble() * milliseconds * 1e6);

    private static ConnectedPeer Peer(SimNode node, IPEndPoint endPoint, PeerReach reach, bool isOutgoing) =>
        new(
            endPoint,
            reach,
            isOutgoing ? PeerSource.Tracker : PeerSource.Incoming,
            isOutgoing,
            new Handshake(default, node.Options.PeerId, true, true, node.IsV2),
            IsV2: node.IsV2
        );
}
