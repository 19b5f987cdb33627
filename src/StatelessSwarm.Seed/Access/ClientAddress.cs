using System.Net;
using System.Net.Sockets;

namespace StatelessSwarm.Seed.Access;

/// <summary>Whom a limit per client holds for.</summary>
internal static class ClientAddress
{
    /// <summary>The host behind an address: a v6 host owns a /64 and is limited as one; a v4 address is itself, also when it comes mapped.</summary>
    public static IPAddress HostOf(IPAddress? client)
    {
        if (client is null)
            return IPAddress.None;
        if (client.IsIPv4MappedToIPv6)
            return client.MapToIPv4();
        if (client.AddressFamily != AddressFamily.InterNetworkV6)
            return client;
        var bytes = client.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
