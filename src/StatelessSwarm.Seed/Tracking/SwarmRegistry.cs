using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Seed.Tracking;

/// <summary>
/// The tracker's memory: which peers take part in which release. No sockets; the clock and the random generator are given.
/// Thread safe.
/// <para>
/// A swarm has one or two names: the truncated v2 info hash and, in a hybrid torrent, the v1 info hash. Only swarms that were
/// added exist. A peer is an end point (the address its connection came from, the port it said) and, behind a translator, its address
/// inside: whole sites share one outside address and one port. It is forgotten <see cref="TrackerOptions.PeerLifetime"/> after its last
/// announce.
/// </para>
/// <para>
/// Members of one site are peers that say the same site; or, when one of the two says none, peers of one outside address. They come before
/// the others, and take up to three quarters of an answer. An inside address is told to peers of the same outside address, for the outside
/// one, and to nobody else.
/// </para>
/// <para>
/// Who is told of whom: never of itself; a complete peer only of incomplete ones; a loopback address only to a loopback
/// client; link-local v6 addresses to no one, as an answer has no room for their zone. The seed's own peer comes first, under
/// the address the client reached us by.
/// </para>
/// </summary>
internal sealed class SwarmRegistry
{
    /// <summary>Share of an answer that members of the client's site take while there are others.</summary>
    private const double MembersShare = 0.75;

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly TrackerOptions _options;
    private readonly Random _random;
    private readonly Dictionary<InfoHash, Swarm> _byName = [];
    private readonly Dictionary<Sha256Digest, Swarm> _byRelease = [];
    private readonly Dictionary<IPAddress, int> _peersByAddress = [];
    private int _peerCount;
    private long _fullSweep;

    /// <summary>An empty registry.</summary>
    /// <param name="options">Limits and pace.</param>
    /// <param name="time">Clock for expiry.</param>
    /// <param name="random">Chooses the peers to name; used under the registry's lock only.</param>
    public SwarmRegistry(TrackerOptions options, TimeProvider time, Random random)
    {
        _options = options;
        _time = time;
        _random = random;
        _fullSweep = time.GetTimestamp();
    }

    /// <summary>Peers remembered over all swarms; the seed's own is not counted.</summary>
    public int PeerCount
    {
        get
        {
            lock (_gate)
                return _peerCount;
        }
    }

    /// <summary>Starts to track a release; one that is tracked already only takes the new seed port.</summary>
    /// <param name="release">Digest of the release.</param>
    /// <param name="names">Its info hashes as the wire has them.</param>
    /// <param name="seedPort">Port of the seed's own peer, or null when it does not seed the release.</param>
    public void Add(Sha256Digest release, IReadOnlyList<InfoHash> names, int? seedPort)
    {
        lock (_gate)
        {
            if (!_byRelease.TryGetValue(release, out var swarm))
            {
                swarm = new Swarm(release, names);
                _byRelease.Add(release, swarm);
                Claim(swarm);
            }
            swarm.SeedPort = seedPort;
        }
    }

    /// <summary>Forgets a release and its peers.</summary>
    public void Remove(Sha256Digest release)
    {
        lock (_gate)
        {
            if (!_byRelease.Remove(release, out var swarm))
                return;
            foreach (var name in _byName.Where(pair => ReferenceEquals(pair.Value, swarm)).Select(pair => pair.Key).ToArray())
                _byName.Remove(name);
            for (var i = swarm.Peers.Count - 1; i >= 0; i--)
                Forget(swarm, i);
            foreach (var other in _byRelease.Values)
                Claim(other);
        }
    }

    /// <summary>Takes an announce and names peers.</summary>
    /// <param name="request">What the peer said.</param>
    /// <param name="client">Address the connection comes from.</param>
    /// <param name="local">Address the client reached us by, or null when not known.</param>
    /// <param name="reply">The answer.</param>
    /// <returns>False when there is no such swarm.</returns>
    public bool TryAnnounce(
        AnnounceRequest request,
        IPAddress client,
        IPAddress? local,
        [NotNullWhen(true)] out AnnounceReply? reply
    )
    {
        client = Normalise(client);
        var self = new IPEndPoint(client, request.Port);
        lock (_gate)
        {
            reply = null;
            if (!_byName.TryGetValue(request.InfoHash, out var swarm))
                return false;
            var now = _time.GetTimestamp();
            Expire(swarm, now);
            Remember(swarm, new PeerKey(self, InsideOf(request, client)), request, now);
            reply = new AnnounceReply(
                swarm.CompleteWithSeed,
                swarm.Incomplete,
                request.Event == AnnounceEvent.Stopped ? [] : Choose(swarm, new PeerKey(self, InsideOf(request, client)), request, local)
            );
            return true;
        }
    }

    /// <summary>Counts of the named swarms; unknown names are left out. No name at all asks for every swarm.</summary>
    public IReadOnlyList<SwarmCounts> Scrape(IReadOnlyList<InfoHash> names)
    {
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            var counts = new List<SwarmCounts>();
            if (names.Count == 0)
            {
                foreach (var swarm in _byRelease.Values)
                    counts.Add(Count(swarm, swarm.Names[0], now));
            }
            else
            {
                foreach (var name in names)
                {
                    if (_byName.TryGetValue(name, out var swarm))
                        counts.Add(Count(swarm, name, now));
                }
            }
            return counts;
        }
    }

    /// <summary>Forgets silent peers of all swarms; called now and then, so that swarms no one asks for do not keep theirs.</summary>
    public void Expire()
    {
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            foreach (var swarm in _byRelease.Values)
                Expire(swarm, now);
        }
    }

    /// <summary>Two releases of equal content have one torrent, so the same names: the one that is there keeps them.</summary>
    private void Claim(Swarm swarm)
    {
        foreach (var name in swarm.Names)
            _byName.TryAdd(name, swarm);
    }

    private static IPAddress Normalise(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0)
            return new IPAddress(address.GetAddressBytes());
        return address;
    }

    /// <summary>Null without a translator in between, too.</summary>
    private static IPAddress? InsideOf(AnnounceRequest request, IPAddress client) =>
        request.Inside is { } inside && inside.AddressFamily == client.AddressFamily && !inside.Equals(client) ? inside : null;

    private SwarmCounts Count(Swarm swarm, InfoHash name, long now)
    {
        Expire(swarm, now);
        return new SwarmCounts(swarm.Release, name, swarm.CompleteWithSeed, swarm.Incomplete, swarm.Downloaded);
    }

    private void Remember(Swarm swarm, PeerKey self, AnnounceRequest request, long now)
    {
        var known = swarm.IndexOf.TryGetValue(self, out var index);
        var address = self.EndPoint.Address;
        if (request.Event == AnnounceEvent.Stopped)
        {
            if (known)
                Forget(swarm, index);
            return;
        }
        var isComplete = request.IsComplete || request.Event == AnnounceEvent.Completed;
        var peer = new Peer(self, request.PeerId, request.Site, isComplete, now);
        if (known)
        {
            var before = swarm.Peers[index];
            swarm.Peers[index] = peer;
            swarm.Complete += (isComplete ? 1 : 0) - (before.IsComplete ? 1 : 0);
            if (request.Event == AnnounceEvent.Completed && !before.IsComplete)
                swarm.Downloaded++;
            return;
        }
        if (request.Event == AnnounceEvent.Completed)
            swarm.Downloaded++;
        if (address.IsIPv6LinkLocal || !HasRoom(swarm, address, now))
            return;
        swarm.IndexOf.Add(self, swarm.Peers.Count);
        swarm.Peers.Add(peer);
        swarm.Complete += isComplete ? 1 : 0;
        _peersByAddress[address] = _peersByAddress.GetValueOrDefault(address) + 1;
        _peerCount++;
    }

    private bool HasRoom(Swarm swarm, IPAddress address, long now)
    {
        var isFull =
            _peerCount >= _options.MaxPeers || _peersByAddress.GetValueOrDefault(address) >= _options.MaxPeersPerAddress;
        // looking through everything costs milliseconds, so a crowd at the door may ask for it once a second only
        if (isFull && _time.GetElapsedTime(_fullSweep, now) >= TimeSpan.FromSeconds(1))
        {
            _fullSweep = now;
            foreach (var other in _byRelease.Values)
                Expire(other, now);
        }
        return swarm.Peers.Count < _options.MaxPeersPerSwarm
            && _peerCount < _options.MaxPeers
            && _peersByAddress.GetValueOrDefault(address) < _options.MaxPeersPerAddress;
    }

    /// <summary>The seed, members of the client's site, others, and what is left of the members; each by chance.</summary>
    private List<TrackedPeer> Choose(Swarm swarm, PeerKey self, AnnounceRequest request, IPAddress? local)
    {
        var wanted = Math.Clamp(request.PeersWanted ?? _options.DefaultPeersWanted, 0, _options.MaxPeersWanted);
        var clientIsComplete = request.IsComplete || request.Event == AnnounceEvent.Completed;
        var chosen = new List<TrackedPeer>(Math.Min(wanted, swarm.Peers.Count + 1));
        // Peers behind a translator may share an end point, and the seed's machine may run a node that announces under the seed's.
        var named = new HashSet<IPEndPoint> { self.EndPoint };
        if (wanted > 0 && !clientIsComplete && swarm.SeedPort is { } seedPort && local is not null)
        {
            var seed = new IPEndPoint(Normalise(local), seedPort);
            if (!seed.Address.IsIPv6LinkLocal && named.Add(seed))
                chosen.Add(new TrackedPeer(seed, null));
        }
        var start = swarm.Peers.Count == 0 ? 0 : _random.Next(swarm.Peers.Count);
        for (var i = 0; i < swarm.Peers.Count && chosen.Count < wanted * MembersShare; i++)
        {
            var peer = swarm.Peers[(start + i) % swarm.Peers.Count];
            if (IsNear(self, request, peer) && MayTell(peer) && named.Add(AddressFor(self, peer)))
                chosen.Add(new TrackedPeer(AddressFor(self, peer), peer.Id, IsNear: true));
        }
        var spare = new List<TrackedPeer>();
        for (var i = 0; i < swarm.Peers.Count && chosen.Count < wanted; i++)
        {
            // Partial Fisher-Yates in place: the order of the list means nothing.
            swarm.Swap(i, _random.Next(i, swarm.Peers.Count));
            var peer = swarm.Peers[i];
            if (!MayTell(peer) || !named.Add(AddressFor(self, peer)))
                continue;
            var isNear = IsNear(self, request, peer);
            (isNear ? spare : chosen).Add(new TrackedPeer(AddressFor(self, peer), peer.Id, isNear));
        }
        chosen.AddRange(spare.Take(wanted - chosen.Count));
        return chosen;

        bool MayTell(Peer peer) =>
            peer.Key != self
            && !(clientIsComplete && peer.IsComplete)
            && (!IPAddress.IsLoopback(peer.EndPoint.Address) || IPAddress.IsLoopback(self.EndPoint.Address));
    }

    /// <summary>Names decide where both say one: a central way out may put many sites behind one address.</summary>
    private static bool IsNear(PeerKey self, AnnounceRequest request, Peer peer) =>
        request.Site is { } ours && peer.Site is { } theirs
            ? ours == theirs
            : peer.EndPoint.Address.Equals(self.EndPoint.Address);

    /// <summary>Where the client is to look for the peer: behind the translator they share, inside.</summary>
    private static IPEndPoint AddressFor(PeerKey self, Peer peer) =>
        peer.Key.Inside is { } inside && peer.EndPoint.Address.Equals(self.EndPoint.Address)
            ? new IPEndPoint(inside, peer.EndPoint.Port)
            : peer.EndPoint;

    private void Expire(Swarm swarm, long now)
    {
        for (var i = swarm.Peers.Count - 1; i >= 0; i--)
        {
            if (_time.GetElapsedTime(swarm.Peers[i].LastSeen, now) > _options.PeerLifetime)
                Forget(swarm, i);
        }
    }

    private void Forget(Swarm swarm, int index)
    {
        var last = swarm.Peers.Count - 1;
        swarm.Swap(index, last);
        var peer = swarm.Peers[last];
        swarm.Peers.RemoveAt(last);
        swarm.IndexOf.Remove(peer.Key);
        swarm.Complete -= peer.IsComplete ? 1 : 0;
        _peerCount--;
        var left = _peersByAddress[peer.EndPoint.Address] - 1;
        if (left == 0)
            _peersByAddress.Remove(peer.EndPoint.Address);
        else
            _peersByAddress[peer.EndPoint.Address] = left;
    }

    private readonly record struct PeerKey(IPEndPoint EndPoint, IPAddress? Inside);

    private readonly record struct Peer(PeerKey Key, PeerId Id, SiteId? Site, bool IsComplete, long LastSeen)
    {
        public IPEndPoint EndPoint => Key.EndPoint;
    }

    private sealed class Swarm(Sha256Digest release, IReadOnlyList<InfoHash> names)
    {
        public Sha256Digest Release { get; } = release;

        public IReadOnlyList<InfoHash> Names { get; } = names;

        public List<Peer> Peers { get; } = [];

        /// <summary>Place of each peer in <see cref="Peers"/>.</summary>
        public Dictionary<PeerKey, int> IndexOf { get; } = [];

        public int? SeedPort { get; set; }

        public int Complete { get; set; }

        public long Downloaded { get; set; }

        public int CompleteWithSeed => Complete + (SeedPort is null ? 0 : 1);

        public int Incomplete => Peers.Count - Complete;

        public void Swap(int first, int second)
        {
            if (first == second)
                return;
            (Peers[first], Peers[second]) = (Peers[second], Peers[first]);
            IndexOf[Peers[first].Key] = first;
            IndexOf[Peers[second].Key] = second;
        }
    }
}
