using System.Net;
using System.Net.Sockets;

namespace StatelessSwarm.Discovery.Protocol;

/// <summary>An address of an interface and how much of it names the network.</summary>
/// <param name="Address">Address without scope.</param>
/// <param name="PrefixLength">Bits of the network.</param>
internal readonly record struct LinkAddress(IPAddress Address, int PrefixLength)
{
    // DHCPv6 hands out /128 though the neighbours share a /64.
    private const int WidestIPv6Prefix = 64;

    /// <summary>Whether another address is in the same network.</summary>
    public bool Covers(IPAddress other)
    {
        if (other.AddressFamily != Address.AddressFamily)
            return false;
        var bits =
            Address.AddressFamily == AddressFamily.InterNetworkV6
                ? Math.Min(PrefixLength, WidestIPv6Prefix)
                : PrefixLength;
        var (left, right) = (Address.GetAddressBytes(), other.GetAddressBytes());
        for (var i = 0; i < left.Length && bits > 0; i++, bits -= 8)
        {
            var mask = bits >= 8 ? 0xff : 0xff & (0xff << (8 - bits));
            if ((left[i] & mask) != (right[i] & mask))
                return false;
        }

        return true;
    }
}
