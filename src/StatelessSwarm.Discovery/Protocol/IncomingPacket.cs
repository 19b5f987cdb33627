using System.Net;

namespace StatelessSwarm.Discovery.Protocol;

/// <summary>A packet that came in.</summary>
/// <param name="Link">By which link.</param>
/// <param name="Source">From whom.</param>
/// <param name="IsMulticast">Whether it was sent to the group.</param>
/// <param name="Payload">Its bytes.</param>
internal readonly record struct IncomingPacket(LinkKey Link, IPEndPoint Source, bool IsMulticast, byte[] Payload);
