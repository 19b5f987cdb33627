namespace StatelessSwarm.Discovery;

/// <summary>Where and how multicast DNS runs.</summary>
public sealed record MulticastDnsOptions
{
    /// <summary>Names of the interfaces to use; empty for every multicast-capable one that is up, loopback left out.</summary>
    public IReadOnlyList<string> Interfaces { get; init; } = [];

    /// <summary>Use 224.0.0.251.</summary>
    public bool UseIPv4 { get; init; } = true;

    /// <summary>Use ff02::fb.</summary>
    public bool UseIPv6 { get; init; } = true;

    /// <summary>Host label without <c>.local</c>; default the machine's name. Renamed on conflict.</summary>
    public string? HostLabel { get; init; }
}
