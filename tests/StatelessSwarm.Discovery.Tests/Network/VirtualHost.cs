using System.Net;
using StatelessSwarm.Discovery.Browsing;
using StatelessSwarm.Discovery.Protocol;

namespace StatelessSwarm.Discovery.Tests.Network;

/// <summary>A host 10.0.N/250.N%250 on a virtual segment; odd ones share their port and so ask for multicast only.</summary>
internal sealed class VirtualHost(VirtualSegment segment, string label, int number, Random random, CacheLimits limits)
{
    private readonly ServiceEventQueue _reader = new();

    public MulticastProtocol Protocol { get; } = new(label, random, limits) { HearsUnicast = number % 2 == 0 };

    public int Number => number;

    public IPAddress Address { get; } = IPAddress.Parse($"10.0.{number / 250}.{number % 250}");

    /// <summary>Whether packets get through; the host itself does not notice.</summary>
    public bool IsConnected { get; set; } = true;

    public void Connect(params string[] moreAddresses)
    {
        var addresses = moreAddresses.Select(IPAddress.Parse).Prepend(Address);
        Protocol.SetLink(
            VirtualSegment.Link,
            new LinkNetwork([.. addresses.Select(address => new LinkAddress(address, 16))], IsLoopback: false),
            segment.Now
        );
        segment.Flush();
    }

    public int Register(string instance, int port = 6881, params (string Key, string Value)[] text)
    {
        var key = Protocol.Register(
            new ServiceProfile(instance, "_stateless._tcp", port, text.ToDictionary(t => t.Key, t => t.Value)),
            segment.Now
        );
        segment.Flush();
        return key;
    }

    public void Browse()
    {
        Protocol.Browse("_stateless._tcp", _reader, segment.Now);
        segment.Flush();
    }

    public void Receive(IPEndPoint source, bool isMulticast, byte[] payload) =>
        Protocol.Receive(VirtualSegment.Link, source, isMulticast, payload, segment.Now);

    /// <summary>Events since the last call, as text: kind, instance, port, addresses.</summary>
    public List<string> TakeEvents() =>
        [
            .. _reader
                .TakeAll()
                .Select(e =>
                    $"{e.Kind} {e.Instance.Instance}:{e.Instance.Port} {string.Join(',', e.Instance.Addresses)}"
                ),
        ];

    public List<ServiceEvent> TakeRawEvents() => [.. _reader.TakeAll()];
}
