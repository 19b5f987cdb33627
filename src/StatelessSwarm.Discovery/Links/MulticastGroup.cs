using System.Net;

namespace StatelessSwarm.Discovery.Links;

/// <summary>The group a protocol speaks in, and how its packets go there.</summary>
/// <param name="Name">The protocol, for the log.</param>
/// <param name="IPv4">Group address of IPv4.</param>
/// <param name="IPv6">Group address of IPv6, without scope.</param>
/// <param name="Port">UDP port, of both families.</param>
/// <param name="HopLimit">TTL and hop limit of what is sent.</param>
/// <param name="MaxPacketLength">Longest packet heard in bytes; of a longer one, one byte more is handed on.</param>
internal sealed record MulticastGroup(
    string Name,
    IPAddress IPv4,
    IPAddress IPv6,
    int Port,
    int HopLimit,
    int MaxPacketLength
);
