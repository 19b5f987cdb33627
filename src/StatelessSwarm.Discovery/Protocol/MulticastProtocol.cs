using System.Net;
using System.Net.Sockets;
using StatelessSwarm.Discovery.Browsing;
using StatelessSwarm.Discovery.Messages;
using StatelessSwarm.Discovery.Responding;

namespace StatelessSwarm.Discovery.Protocol;

/// <summary>
/// Multicast DNS without sockets, clock or tasks: links come and go, packets come in, time passes, packets go out. One
/// thread at a time. Every call leaves consequences (packets, events) settled.
/// </summary>
internal sealed class MulticastProtocol : ILinkProtocol
{
    /// <summary>The port of multicast DNS, UDP.</summary>
    public const int Port = 5353;

    private const int MaxHostAddresses = 16;

    private static readonly DomainName TypeEnumeration = DomainName.Parse("_services._dns-sd._udp.local");

    private readonly Random _random;
    private readonly CacheLimits _limits;
    private readonly Outbox _outbox = new();
    private readonly EchoFilter _echoes = new();
    private readonly Dictionary<LinkKey, Link> _links = [];
    private readonly SortedDictionary<int, OwnService> _services = [];
    private readonly Dictionary<DomainName, ServiceBrowser> _browsers = [];
    private readonly HashSet<IPAddress> _ownAddresses = [];
    private readonly string _wantedHostLabel;
    private int _hostConflicts;
    private int _lastKey = ClaimContent.HostKey;

    /// <summary>Starts with no links.</summary>
    /// <exception cref="ArgumentException">The host label has no or more than 63 bytes.</exception>
    public MulticastProtocol(string hostLabel, Random random, CacheLimits limits)
    {
        _random = random;
        _limits = limits;
        _wantedHostLabel = hostLabel;
        HostName = DomainName.Local.Child(hostLabel);
    }

    /// <summary>The host's name with <c>.local</c>, after conflicts.</summary>
    public DomainName HostName { get; private set; }

    /// <summary>Packets that were no DNS messages.</summary>
    public long MalformedPackets { get; private set; }

    /// <summary>
    /// Whether unicast to port 5353 is sure to reach us, because no other program of this machine has the port. Holds for
    /// links added afterwards.
    /// </summary>
    public bool HearsUnicast { get; set; }

    /// <summary>Links in use.</summary>
    public IReadOnlyCollection<LinkKey> Links => _links.Keys;

    /// <inheritdoc/>
    public TimeSpan NextDue
    {
        get
        {
            var next = TimeSpan.MaxValue;
            foreach (var link in _links.Values)
            {
                next = link.Responder.NextDue < next ? link.Responder.NextDue : next;
                next = link.Querier.NextDue < next ? link.Querier.NextDue : next;
            }

            return next;
        }
    }

    /// <inheritdoc/>
    public bool HasLink(LinkKey key) => _links.ContainsKey(key);

    /// <inheritdoc/>
    public void NotePort(bool isOurs) => HearsUnicast = isOurs;

    /// <inheritdoc/>
    public bool TryTake(out OutgoingPacket packet, TimeSpan now)
    {
        if (!_outbox.TryTake(out packet))
            return false;
        if (packet.Target is null)
            _echoes.NoteSent(packet.Payload, now);
        return true;
    }

    /// <inheritdoc/>
    public void SetLink(LinkKey key, LinkNetwork network, TimeSpan now)
    {
        if (_links.TryGetValue(key, out var link))
        {
            if (link.Network.IsSameAs(network))
                return;
            link.Network = network;
            CollectOwnAddresses();
            if (_services.Count > 0)
                link.Responder.Set(HostContent(network), now);
        }
        else
        {
            link = new Link(
                network,
                new LinkResponder(_outbox, key, _random, _ownAddresses.Contains),
                new LinkQuerier(_outbox, key, _random, _limits, HearsUnicast)
            );
            _links[key] = link;
            CollectOwnAddresses();
            Claim(link, now);
            foreach (var type in _browsers.Keys)
                link.Querier.Browse(type, now);
        }

        Settle(now);
    }

    /// <summary>A link that could not send can again: claims and questions start over, what was heard stays.</summary>
    public void RestartLink(LinkKey key, TimeSpan now)
    {
        if (!_links.TryGetValue(key, out var link))
            return;
        link.Responder = new LinkResponder(_outbox, key, _random, _ownAddresses.Contains);
        Claim(link, now);
        link.Querier.Restart(now);
    }

    /// <summary>A link is gone; what only it knew is lost.</summary>
    public void RemoveLink(LinkKey key, TimeSpan now)
    {
        if (!_links.Remove(key))
            return;
        CollectOwnAddresses();
        foreach (var browser in _browsers.Values)
        {
            foreach (var name in browser.KnownNames)
                browser.Update(name, Resolve(browser, name));
        }

        Settle(now);
    }

    /// <summary>Starts claiming a service; returns its key.</summary>
    /// <exception cref="ArgumentException">A part of the profile does not fit DNS.</exception>
    public int Register(ServiceProfile profile, TimeSpan now)
    {
        var service = new OwnService(profile);
        _ = ServiceContent(_lastKey + 1, service);
        _services[++_lastKey] = service;
        foreach (var link in _links.Values)
            Claim(link, now);
        Settle(now);
        return _lastKey;
    }

    /// <summary>Says goodbye for a service.</summary>
    public void Unregister(int key, TimeSpan now)
    {
        if (!_services.Remove(key))
            return;
        foreach (var link in _links.Values)
        {
            link.Responder.Withdraw(key, goodbye: true);
            if (_services.Count == 0)
                link.Responder.Withdraw(ClaimContent.HostKey, goodbye: true);
        }

        Settle(now);
    }

    /// <summary>Whether a service was announced on every link there is.</summary>
    public bool IsAnnounced(int key) => _links.Values.All(link => link.Responder.IsAnnounced(key));

    /// <summary>The instance label a service has, after conflicts.</summary>
    public string InstanceLabel(int key) => _services[key].Label;

    /// <summary>Starts telling a reader about services of a type, given without <c>.local</c>.</summary>
    public void Browse(string type, ServiceEventQueue reader, TimeSpan now)
    {
        var name = TypeName(type);
        if (!_browsers.TryGetValue(name, out var browser))
        {
            _browsers[name] = browser = new ServiceBrowser(name, type, _limits.Instances);
            foreach (var link in _links.Values)
                link.Querier.Browse(name, now);
        }

        browser.AddReader(reader);
        Settle(now);
    }

    /// <summary>Stops telling a reader.</summary>
    public void StopBrowsing(string type, ServiceEventQueue reader)
    {
        var name = TypeName(type);
        if (!_browsers.TryGetValue(name, out var browser))
            return;
        browser.RemoveReader(reader);
        if (browser.HasReaders)
            return;
        _browsers.Remove(name);
        foreach (var link in _links.Values)
            link.Querier.StopBrowsing(name);
    }

    /// <summary>Says goodbye for everything and ends every reader.</summary>
    public void Close(TimeSpan now)
    {
        foreach (var key in _services.Keys.ToList())
            Unregister(key, now);
        foreach (var browser in _browsers.Values)
            browser.Complete();
        _browsers.Clear();
    }

    /// <inheritdoc/>
    public void Receive(
        LinkKey key,
        IPEndPoint source,
        bool isMulticast,
        ReadOnlySpan<byte> packet,
        TimeSpan now
    )
    {
        if (!_links.TryGetValue(key, out var link))
            return;
        var sender = WithoutScope(source.Address);
        if (!isMulticast && !link.Network.IsOnLink(sender))
            return;
        if (isMulticast && _ownAddresses.Contains(sender) && _echoes.IsEcho(key, packet, now))
            return;
        _ = Message.Read(packet, out var message);
        if (message is null)
        {
            MalformedPackets++;
            return;
        }

        if (!message.Header.IsResponse)
        {
            link.Responder.ReceiveQuery(message, source, isMulticast, now);
            link.Querier.ReceiveQuery(message, now);
        }
        else if (source.Port == Port)
        {
            link.Responder.ReceiveResponse(message, isMulticast, now);
            link.Querier.ReceiveResponse(message, sender, now);
        }

        Advance(now);
    }

    /// <inheritdoc/>
    public void Advance(TimeSpan now)
    {
        foreach (var link in _links.Values)
        {
            link.Responder.Advance(now);
            link.Querier.Advance(now);
        }

        Settle(now);
    }

    private void Settle(TimeSpan now)
    {
        var lost = _links.Values.SelectMany(link => link.Responder.Lost).Distinct().ToList();
        foreach (var link in _links.Values)
            link.Responder.Lost.Clear();
        foreach (var key in lost)
            Rename(key, now);
        foreach (var link in _links.Values)
        {
            foreach (var name in link.Querier.Changed)
            {
                if (_browsers.TryGetValue(name.Parent, out var browser))
                    browser.Update(name, Resolve(browser, name));
            }

            link.Querier.Changed.Clear();
        }
    }

    private void Rename(int key, TimeSpan now)
    {
        if (key == ClaimContent.HostKey)
        {
            _hostConflicts++;
            HostName = DomainName.Local.Child(Renaming.Host(_wantedHostLabel, _hostConflicts + 1, _random));
        }
        else if (_services.TryGetValue(key, out var service))
        {
            service.Conflicts++;
            service.Label = Renaming.Instance(service.Profile.Instance, service.Conflicts + 1, _random);
        }

        foreach (var link in _links.Values)
        {
            if (key == ClaimContent.HostKey)
                Claim(link, now);
            else if (_services.TryGetValue(key, out var service))
                link.Responder.Set(ServiceContent(key, service), now);
        }
    }

    private void Claim(Link link, TimeSpan now)
    {
        if (_services.Count == 0)
            return;
        SetUnlessHeld(link, HostContent(link.Network), now);
        foreach (var (key, service) in _services)
            SetUnlessHeld(link, ServiceContent(key, service), now);
    }

    // A second service must not make the first one and the host announce themselves anew.
    private static void SetUnlessHeld(Link link, ClaimContent content, TimeSpan now)
    {
        if (!link.Responder.Holds(content))
            link.Responder.Set(content, now);
    }

    private ClaimContent HostContent(LinkNetwork network) =>
        new(
            ClaimContent.HostKey,
            HostName,
            [
                .. network
                    .Addresses.Take(MaxHostAddresses)
                    .Select(own => new ResourceRecord(
                        HostName,
                        RecordData.AddressType(own.Address),
                        ClaimContent.HostSeconds,
                        flushesCache: true,
                        RecordData.Address(own.Address)
                    )),
            ],
            [],
            []
        );

    private ClaimContent ServiceContent(int key, OwnService service)
    {
        var type = TypeName(service.Profile.ServiceType);
        var name = type.Child(service.Label);
        var profile = service.Profile;
        return new ClaimContent(
            key,
            name,
            [
                new(name, RecordType.Srv, ClaimContent.HostSeconds, true, RecordData.Service(HostName, profile.Port)),
                new(name, RecordType.Txt, ClaimContent.OtherSeconds, true, RecordData.Text(profile.Text)),
            ],
            [new(type, RecordType.Ptr, ClaimContent.OtherSeconds, false, RecordData.Pointer(name))],
            [new(TypeEnumeration, RecordType.Ptr, ClaimContent.OtherSeconds, false, RecordData.Pointer(type))]
        );
    }

    private ServiceInstance? Resolve(ServiceBrowser browser, DomainName name)
    {
        if (!name.TryGetLabel(out var label) || _services.Any(own => OwnName(own.Value).Equals(name)))
            return null;
        ServiceInstance? found = null;
        DomainName? foundHost = null;
        List<IPAddress> addresses = [];
        foreach (var (key, link) in _links)
        {
            if (link.Querier.Resolve(name) is not { } known || known.Port == 0)
                continue;
            if (foundHost is not null && !foundHost.Equals(known.Host))
                continue;
            var before = addresses.Count;
            foreach (var record in known.Addresses)
            {
                if (
                    RecordData.TryReadAddress(record, key.InterfaceIndex, link.Network.IsLoopback, out var address)
                    && link.Network.IsOnLink(address)
                )
                    addresses.Add(address);
            }

            if (addresses.Count == before || found is not null)
                continue;
            foundHost = known.Host;
            found = new ServiceInstance(
                label,
                browser.TypeText,
                known.Host.ToString(),
                known.Port,
                [],
                RecordData.ReadText(known.Text)
            );
        }

        return found is null ? null : found with { Addresses = ServiceBrowser.Order(addresses) };
    }

    private static DomainName OwnName(OwnService service) =>
        TypeName(service.Profile.ServiceType).Child(service.Label);

    private void CollectOwnAddresses()
    {
        _ownAddresses.Clear();
        foreach (var link in _links.Values)
        {
            foreach (var own in link.Network.Addresses)
                _ownAddresses.Add(own.Address);
        }
    }

    private static DomainName TypeName(string type)
    {
        if (type.Split('.') is not [['_', _, ..], "_tcp" or "_udp"])
            throw new ArgumentException(
                $"service type '{type}' must look like '_name._tcp' or '_name._udp'",
                nameof(type)
            );
        return DomainName.Parse($"{type}.local");
    }

    private static IPAddress WithoutScope(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0
            ? new IPAddress(address.GetAddressBytes())
            : address;

    private sealed class Link(LinkNetwork network, LinkResponder responder, LinkQuerier querier)
    {
        public LinkNetwork Network { get; set; } = network;

        public LinkResponder Responder { get; set; } = responder;

        public LinkQuerier Querier { get; } = querier;
    }

    private sealed class OwnService(ServiceProfile profile)
    {
        public ServiceProfile Profile { get; } = profile;

        public string Label { get; set; } = profile.Instance;

        public int Conflicts { get; set; }
    }
}
