using System.Net;
using System.Net.Sockets;
using StatelessSwarm.Discovery.LocalDiscovery;
using StatelessSwarm.Discovery.Protocol;

namespace StatelessSwarm.Discovery.Tests.LocalDiscovery;

/// <summary>A host 10.0.0.N on a <see cref="LocalSegment"/>.</summary>
internal sealed class LocalHost
{
    private readonly LocalSegment _segment;

    public LocalHost(LocalSegment segment, int number, Random random)
    {
        _segment = segment;
        Address = IPAddress.Parse($"10.0.{number / 256}.{number % 256}");
        Protocol = new LocalProtocol(random);
        Connect();
    }

    public static LinkKey Link { get; } = new(1, AddressFamily.InterNetwork);

    public IPAddress Address { get; }

    public LocalProtocol Protocol { get; }

    public bool IsConnected => Protocol.HasLink(Link);

    public void Connect()
    {
        Protocol.SetLink(Link, new LinkNetwork([new LinkAddress(Address, 16)], IsLoopback: false), _segment.Now);
        _segment.Flush();
    }

    public void Disconnect() => Protocol.RemoveLink(Link, _segment.Now);

    public void Announce(int swarm, int port = 6881)
    {
        Protocol.Announce(LocalSegment.Swarm(swarm), port, _segment.Now);
        _segment.Flush();
    }

    public void Receive(byte[] payload, string source) =>
        Protocol.Receive(Link, new IPEndPoint(IPAddress.Parse(source), 6771), isMulticast: true, payload, _segment.Now);

    /// <summary>Peers found since the last call, as text: last byte of the swarm, end point.</summary>
    public List<string> TakeFound()
    {
        var found = new List<string>();
        while (Protocol.Found.TryDequeue(out var peer))
            found.Add($"{peer.Swarm.ToString()[^2..]} {peer.EndPoint}");
        return found;
    }
}
