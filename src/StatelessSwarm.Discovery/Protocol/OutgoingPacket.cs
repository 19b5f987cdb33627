using System.Net;

namespace StatelessSwarm.Discovery.Protocol;

/// <summary>A packet to send.</summary>
/// <param name="Link">On which link.</param>
/// <param name="Target">To whom; null for the multicast group.</param>
/// <param name="Payload">The DNS message.</param>
internal readonly record struct OutgoingPacket(LinkKey Link, IPEndPoint? Target, byte[] Payload);
