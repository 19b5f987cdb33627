using StatelessSwarm.Discovery.LocalDiscovery;

namespace StatelessSwarm.Discovery.Tests.LocalDiscovery;

/// <summary>
/// One network segment 10.0.0.0/16 in virtual time: every datagram reaches every host, its sender included, at once.
/// Runs the protocol as the socket ring does. Same seed, same datagrams.
/// </summary>
internal sealed class LocalSegment(int seed = 1)
{
    private readonly List<LocalHost> _hosts = [];
    private int _reported;

    public TimeSpan Now { get; private set; }

    /// <summary>When, by whom, for which swarm.</summary>
    public List<(TimeSpan At, LocalHost From, LocalMessage Message)> Sent { get; } = [];

    public static SwarmHash Swarm(int number)
    {
        var bytes = new byte[SwarmHash.Size];
        bytes[^1] = (byte)(number & 0xff);
        bytes[^2] = (byte)(number >> 8);
        return new SwarmHash(bytes);
    }

    public LocalHost Add(int number)
    {
        var host = new LocalHost(this, number, new Random((seed * 1000) + number));
        _hosts.Add(host);
        return host;
    }

    /// <summary>Lets time pass; returns what was sent since the last call ended.</summary>
    public List<(TimeSpan At, LocalHost From, LocalMessage Message)> Run(double seconds)
    {
        var end = Now + TimeSpan.FromSeconds(seconds);
        while (true)
        {
            Flush();
            var next = _hosts.Min(host => host.Protocol.NextDue);
            if (next > end)
                break;
            Now = next > Now ? next : Now;
            foreach (var host in _hosts)
                host.Protocol.Advance(Now);
        }

        Now = end;
        var sent = Sent[_reported..];
        _reported = Sent.Count;
        return sent;
    }

    public void Flush()
    {
        foreach (var sender in _hosts)
        {
            while (sender.Protocol.TryTake(out var packet, Now))
            {
                Assert.Equal(LocalMessageFault.None, LocalMessage.Read(packet.Payload, out var message));
                Assert.Equal(LocalHost.Link, packet.Link);
                Sent.Add((Now, sender, message!));
                foreach (var host in _hosts.Where(host => host.IsConnected))
                    host.Receive(packet.Payload, sender.Address.ToString());
            }
        }
    }
}
