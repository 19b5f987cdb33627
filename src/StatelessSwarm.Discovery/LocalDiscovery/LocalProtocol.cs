using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using StatelessSwarm.Discovery.Protocol;

namespace StatelessSwarm.Discovery.LocalDiscovery;

/// <summary>
/// Local service discovery (BEP 14) without sockets, clock or tasks. Announces swarms on every link, at most one
/// datagram every 120 ms of each, because others read no more than ten in a second from one sender; reports peers that
/// announce the same swarms. Swarms we do not announce are passed over.
/// </summary>
internal sealed class LocalProtocol : ILinkProtocol
{
    /// <summary>Swarms announced at most.</summary>
    public const int MaxSwarms = 1024;

    /// <summary>Shortest time between two datagrams on a link.</summary>
    public static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(120);

    private readonly Random _random;
    private readonly string _cookie;
    private readonly byte[] _cookieBytes;
    private readonly Outbox _outbox = new();
    private readonly Dictionary<LinkKey, Link> _links = [];
    private readonly Dictionary<SwarmHash, int> _ports = [];
    private readonly SourceLimit _limit = new();
    private readonly HeardPeers _heard = new();

    /// <summary>Starts with no links and no swarms.</summary>
    /// <param name="random">Delays and the cookie.</param>
    public LocalProtocol(Random random)
    {
        _random = random;
        _cookie = random.Next().ToString("x8", CultureInfo.InvariantCulture);
        _cookieBytes = Encoding.ASCII.GetBytes(_cookie);
    }

    /// <summary>Peers found and not taken yet.</summary>
    public Queue<LocalPeer> Found { get; } = new();

    /// <summary>Datagrams that were no announcements.</summary>
    public long MalformedPackets { get; private set; }

    /// <summary>Datagrams not read because their sender sends too many.</summary>
    public long IgnoredPackets { get; private set; }

    /// <inheritdoc/>
    public TimeSpan NextDue
    {
        get
        {
            var next = TimeSpan.MaxValue;
            foreach (var link in _links.Values)
            {
                var due = link.NextDue;
                next = due < next ? due : next;
            }

            return next;
        }
    }

    /// <summary>Begins to announce a swarm, or goes on with another port.</summary>
    /// <exception cref="InvalidOperationException">There are <see cref="MaxSwarms"/> already.</exception>
    public void Announce(SwarmHash swarm, int port, TimeSpan now)
    {
        var isNew = !_ports.ContainsKey(swarm);
        if (isNew && _ports.Count >= MaxSwarms)
            throw new InvalidOperationException($"{swarm}: {MaxSwarms} swarms are announced already");
        if (!isNew && _ports[swarm] == port)
            return;
        _ports[swarm] = port;
        foreach (var link in _links.Values)
            link.Swarms[swarm] = new Announcing(now);
        Advance(now);
    }

    /// <summary>Announces a swarm no more.</summary>
    public void Withdraw(SwarmHash swarm)
    {
        _ports.Remove(swarm);
        _heard.Forget(swarm);
        foreach (var link in _links.Values)
            link.Swarms.Remove(swarm);
    }

    /// <inheritdoc/>
    public bool HasLink(LinkKey key) => _links.ContainsKey(key);

    /// <inheritdoc/>
    public void SetLink(LinkKey key, LinkNetwork network, TimeSpan now)
    {
        if (_links.TryGetValue(key, out var link))
        {
            var isSame = link.Network.IsSameAs(network);
            link.Network = network;
            if (isSame)
                return;
        }
        else
        {
            _links[key] = new Link(network);
        }

        RestartLink(key, now);
    }

    /// <inheritdoc/>
    public void RestartLink(LinkKey key, TimeSpan now)
    {
        var link = _links[key];
        foreach (var swarm in _ports.Keys)
            link.Swarms[swarm] = new Announcing(now);
        Advance(now);
    }

    /// <inheritdoc/>
    public void RemoveLink(LinkKey key, TimeSpan now) => _links.Remove(key);

    /// <inheritdoc/>
    public void NotePort(bool isOurs)
    {
        // Nothing here is sent to one host, so whoever shares the port hears the same.
    }

    /// <inheritdoc/>
    public void Receive(LinkKey key, IPEndPoint source, bool isMulticast, ReadOnlySpan<byte> packet, TimeSpan now)
    {
        if (!_links.TryGetValue(key, out var link) || !link.Network.IsOnLink(WithoutScope(source.Address)))
            return;
        // Before counting: another program of this machine has our address, and its messages must get through.
        if (packet.IndexOf(_cookieBytes) >= 0)
            return;
        if (!_limit.TryCount(source.Address, now))
        {
            IgnoredPackets++;
            return;
        }

        LocalMessage.Read(packet, out var message);
        if (message is null)
        {
            MalformedPackets++;
            return;
        }

        var endPoint = new IPEndPoint(source.Address, message.Port);
        foreach (var swarm in message.Swarms)
        {
            if (!link.Swarms.TryGetValue(swarm, out var announcing))
                continue;
            var peer = new LocalPeer(swarm, endPoint);
            if (_heard.Note(peer, now, out var isNew))
                Found.Enqueue(peer);
            announcing.Heard(endPoint, isNew, now, _random);
        }
    }

    /// <inheritdoc/>
    public void Advance(TimeSpan now)
    {
        foreach (var (key, link) in _links)
        {
            if (link.NextDue > now)
                continue;
            var (swarm, announcing) = link.Swarms.MinBy(pair => pair.Value.DueAt);
            announcing.Sent(now, _random);
            link.NextSend = now + Spacing;
            _outbox.Add(key, null, [LocalMessage.Write(key.Family, _ports[swarm], swarm, _cookie)]);
        }
    }

    /// <inheritdoc/>
    public bool TryTake(out OutgoingPacket packet, TimeSpan now) => _outbox.TryTake(out packet);

    private static IPAddress WithoutScope(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0
            ? new IPAddress(address.GetAddressBytes())
            : address;

    private sealed class Link(LinkNetwork network)
    {
        public LinkNetwork Network { get; set; } = network;

        public Dictionary<SwarmHash, Announcing> Swarms { get; } = [];

        public TimeSpan NextSend { get; set; }

        /// <summary>When the next datagram goes out on it.</summary>
        public TimeSpan NextDue
        {
            get
            {
                var next = TimeSpan.MaxValue;
                foreach (var announcing in Swarms.Values)
                    next = announcing.DueAt < next ? announcing.DueAt : next;
                return next > NextSend ? next : NextSend;
            }
        }
    }
}
