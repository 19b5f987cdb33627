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

    /// <summary>All nodes start within <paramref name="spreadMs"/> and hear of all others within as much again.</summary>
    public void StartAll(double spreadMs = 200)
    {
        foreach (var node in Nodes)
        {
            var at = node == Seed ? 0 : Within(spreadMs);
            Events.At(at, () => node.Start(node == Seed));
            foreach (var other in Nodes)
            {
                if (other != node)
                    Events.At(at + Within(spreadMs) + 1, () => node.Discover(other));
            }
        }
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
