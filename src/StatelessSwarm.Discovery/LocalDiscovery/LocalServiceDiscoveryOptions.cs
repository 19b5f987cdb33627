using System.Net;

namespace StatelessSwarm.Discovery.LocalDiscovery;

/// <summary>Where local service discovery runs.</summary>
public sealed record LocalServiceDiscoveryOptions
{
    /// <summary>Names of the interfaces to use; empty for every multicast-capable one that is up, loopback left
    /// out.</summary>
    public IReadOnlyList<string> Interfaces { get; init; } = [];

    /// <summary>Use 239.192.152.143.</summary>
    public bool UseIPv4 { get; init; } = true;

    /// <summary>Use ff15::efc0:988f.</summary>
    public bool UseIPv6 { get; init; } = true;

    /// <summary>
    /// Addresses on which the announced ports accept peers: others are not announced from. "Any" of a family stands
    /// for all of it, and IPv6 "any" for both.
    /// </summary>
    public IReadOnlyList<IPAddress> ListenAddresses { get; init; } = [IPAddress.IPv6Any];
}
