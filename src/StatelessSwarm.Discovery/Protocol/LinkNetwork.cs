using System.Net;
using System.Net.Sockets;

namespace StatelessSwarm.Discovery.Protocol;

/// <summary>What the protocol needs to know of an interface.</summary>
/// <param name="Addresses">Its addresses of both families, in a fixed order.</param>
/// <param name="IsLoopback">Whether it leads nowhere but here.</param>
internal sealed record LinkNetwork(IReadOnlyList<LinkAddress> Addresses, bool IsLoopback)
{
    /// <summary>Whether an address can be reached on this link without a router.</summary>
    public bool IsOnLink(IPAddress address)
    {
        if (IPAddress.IsLoopback(address))
            return IsLoopback;
        if (address.IsIPv6LinkLocal)
            return true;
        if (address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes() is [169, 254, ..])
            return true;
        foreach (var own in Addresses)
        {
            if (own.Covers(address))
                return true;
        }

        return false;
    }

    /// <summary>Whether this describes the same network.</summary>
    public bool IsSameAs(LinkNetwork other) =>
        IsLoopback == other.IsLoopback && Addresses.SequenceEqual(other.Addresses);
}
