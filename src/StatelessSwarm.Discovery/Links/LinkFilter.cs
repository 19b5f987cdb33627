using System.Net;

namespace StatelessSwarm.Discovery.Links;

/// <summary>Which interfaces and families of this machine are used.</summary>
/// <param name="Interfaces">Names; empty for every multicast-capable one that is up, loopback left out.</param>
/// <param name="UseIPv4">IPv4 is used.</param>
/// <param name="UseIPv6">IPv6 is used.</param>
/// <param name="Addresses">Only interfaces that have one of these, and of them only these; empty for all.</param>
internal sealed record LinkFilter(
    IReadOnlyList<string> Interfaces,
    bool UseIPv4,
    bool UseIPv6,
    IReadOnlyList<IPAddress> Addresses
);
