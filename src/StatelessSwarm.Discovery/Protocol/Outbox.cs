using System.Net;

namespace StatelessSwarm.Discovery.Protocol;

/// <summary>Packets the protocol wants sent, in order, until the ring around it has sent them.</summary>
internal sealed class Outbox
{
    private readonly Queue<OutgoingPacket> _packets = new();

    /// <summary>Adds packets for a link; <paramref name="target"/> null means the multicast group.</summary>
    public void Add(LinkKey link, IPEndPoint? target, IEnumerable<byte[]> packets)
    {
        foreach (var packet in packets)
            _packets.Enqueue(new OutgoingPacket(link, target, packet));
    }

    /// <summary>Takes the oldest.</summary>
    public bool TryTake(out OutgoingPacket packet) => _packets.TryDequeue(out packet);
}
