using System.Net;

namespace StatelessSwarm.Discovery;

/// <summary>A service heard of on the link.</summary>
/// <param name="Instance">Instance label.</param>
/// <param name="ServiceType">Service type without <c>.local</c>.</param>
/// <param name="Host">Target host with <c>.local</c>.</param>
/// <param name="Port">Port.</param>
/// <param name="Addresses">Addresses; link-local v6 ones carry their scope id.</param>
/// <param name="Text">TXT pairs.</param>
public sealed record ServiceInstance(
    string Instance,
    string ServiceType,
    string Host,
    int Port,
    IReadOnlyList<IPAddress> Addresses,
    IReadOnlyDictionary<string, string> Text
);
