using System.Net;

namespace StatelessSwarm.Discovery.Protocol;

/// <summary>
/// A multicast protocol without sockets, clock or tasks: links come and go, packets come in, time passes, packets go
/// out. One thread at a time.
/// </summary>
internal interface ILinkProtocol
{
    /// <summary>When <see cref="Advance"/> has something to do next.</summary>
    TimeSpan NextDue { get; }

    /// <summary>Whether a link is in use.</summary>
    bool HasLink(LinkKey key);

    /// <summary>A link is there, or its addresses are others now.</summary>
    void SetLink(LinkKey key, LinkNetwork network, TimeSpan now);

    /// <summary>A link that could not send can again.</summary>
    void RestartLink(LinkKey key, TimeSpan now);

    /// <summary>A link is gone.</summary>
    void RemoveLink(LinkKey key, TimeSpan now);

    /// <summary>Told before the first socket opens whether another program of this machine has the port: unicast
    /// reaches one of its sharers only.</summary>
    void NotePort(bool isOurs);

    /// <summary>Takes a packet; whatever is wrong with it, only it is lost.</summary>
    /// <param name="key">Link it came in by.</param>
    /// <param name="source">Sender.</param>
    /// <param name="isMulticast">Whether it was sent to the group, and so cannot have crossed a router.</param>
    /// <param name="packet">Bytes, the caller's again afterwards.</param>
    /// <param name="now">Now.</param>
    void Receive(LinkKey key, IPEndPoint source, bool isMulticast, ReadOnlySpan<byte> packet, TimeSpan now);

    /// <summary>Lets time have passed until now.</summary>
    void Advance(TimeSpan now);

    /// <summary>Takes the oldest packet that wants sending.</summary>
    bool TryTake(out OutgoingPacket packet, TimeSpan now);
}
