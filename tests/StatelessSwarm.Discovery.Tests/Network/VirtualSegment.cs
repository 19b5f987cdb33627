using System.Net;
using System.Net.Sockets;
using StatelessSwarm.Discovery.Browsing;
using StatelessSwarm.Discovery.Messages;
using StatelessSwarm.Discovery.Protocol;

namespace StatelessSwarm.Discovery.Tests.Network;

/// <summary>
/// One network segment 10.0.0.0/16 in virtual time: every multicast reaches every host, its sender included, one
/// millisecond later. Runs the protocol exactly as the socket ring does. Same seed, same packets.
/// </summary>
internal sealed class VirtualSegment(int seed = 1)
{
    public static readonly LinkKey Link = new(1, AddressFamily.InterNetwork);
    public static readonly DomainName Type = DomainName.Parse("_stateless._tcp.local");

    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(1);

    private readonly List<VirtualHost> _hosts = [];
    private readonly PriorityQueue<Action, (TimeSpan, int)> _deliveries = new();

    // When each host is due at the latest; an entry whose host has moved on since is skipped.
    private readonly PriorityQueue<VirtualHost, (TimeSpan, int)> _due = new();
    private int _deliveryCount;
    private int _reported;

    public TimeSpan Now { get; private set; }

    public List<SentPacket> Packets { get; } = [];

    public VirtualHost Add(string label, int number, CacheLimits? limits = null)
    {
        var host = new VirtualHost(this, label, number, new Random((seed * 1000) + number), limits ?? new CacheLimits());
        _hosts.Add(host);
        host.Connect();
        Flush();
        return host;
    }

    /// <summary>Keep every packet in <see cref="Packets"/>; without it hundreds of hosts need no memory for them.</summary>
    public bool KeepsPackets { get; init; } = true;

    /// <summary>Called for every packet sent.</summary>
    public Action<SentPacket>? OnPacket { get; init; }

    /// <summary>Lets time pass; returns the packets sent since the last call ended.</summary>
    public List<SentPacket> Run(TimeSpan duration)
    {
        var end = Now + duration;
        Flush();
        foreach (var host in _hosts)
            Schedule(host);
        while (true)
        {
            while (_due.TryPeek(out var idle, out var at) && idle.Protocol.NextDue > at.Item1)
            {
                _due.Dequeue();
                Schedule(idle);
            }
            var next = _due.TryPeek(out _, out var due) ? due.Item1 : TimeSpan.MaxValue;
            if (_deliveries.TryPeek(out _, out var priority) && priority.Item1 < next)
                next = priority.Item1;
            if (next > end)
                break;
            Now = next > Now ? next : Now;
            while (_deliveries.TryPeek(out _, out priority) && priority.Item1 <= Now)
                _deliveries.Dequeue()();
            while (_due.TryPeek(out var host, out due) && due.Item1 <= Now)
            {
                _due.Dequeue();
                host.Protocol.Advance(Now);
                Touched(host);
            }
        }

        Now = end;
        var packets = Packets[_reported..];
        _reported = Packets.Count;
        return packets;
    }

    public List<SentPacket> Run(double seconds) => Run(TimeSpan.FromSeconds(seconds));

    /// <summary>A stranger's multicast, or unicast to one host.</summary>
    public void Inject(
        byte[] payload,
        string source = "10.0.0.99",
        int port = MulticastProtocol.Port,
        VirtualHost? unicastTo = null
    )
    {
        foreach (var host in _hosts)
        {
            if (unicastTo is null || unicastTo == host)
                host.Receive(new IPEndPoint(IPAddress.Parse(source), port), unicastTo is null, payload);
        }

        Flush();
    }

    public void Flush()
    {
        foreach (var host in _hosts)
            Touched(host);
    }

    /// <summary>Sends what the host has to say and notes when it is due.</summary>
    private void Touched(VirtualHost host)
    {
        while (host.Protocol.TryTake(out var packet, Now))
            Send(host, packet);
        Schedule(host);
    }

    private void Schedule(VirtualHost host)
    {
        if (host.Protocol.NextDue < TimeSpan.MaxValue)
            _due.Enqueue(host, (host.Protocol.NextDue, host.Number));
    }

    private void Send(VirtualHost sender, OutgoingPacket packet)
    {
        Assert.Equal(MessageFault.None, Message.Read(packet.Payload, out var message));
        var sent = new SentPacket(Now, sender.Address, packet.Target, packet.Payload, message!);
        if (KeepsPackets)
            Packets.Add(sent);
        OnPacket?.Invoke(sent);
        if (!sender.IsConnected)
            return;
        var source = new IPEndPoint(sender.Address, MulticastProtocol.Port);
        foreach (var host in _hosts)
        {
            if (packet.Target is { } target && !(target.Address.Equals(host.Address) && target.Port == source.Port))
                continue;
            _deliveries.Enqueue(
                () =>
                {
                    if (!host.IsConnected)
                        return;
                    host.Receive(source, packet.Target is null, packet.Payload);
                    Touched(host);
                },
                (Now + Latency, _deliveryCount++)
            );
        }
    }
}
