using System.Net;

namespace StatelessSwarm.Engine.Peers;

/// <summary>
/// Who may hear of which address from whom. An address of private scope (RFC 1918, RFC 6598, RFC 4193, 169.254/16) means something
/// inside a site only: it is told to neighbours alone, and taken from neighbours alone, so that nobody outside learns our network or
/// sends us knocking about in it. A loopback address means something to this machine only.
/// </summary>
internal static class AddressScope
{
    /// <summary>The peer may be told of the address.</summary>
    public static bool MayTell(PeerState peer, IPEndPoint endPoint) => IsShared(peer, endPoint);

    /// <summary>The peer may tell us of the address.</summary>
    public static bool MayHear(PeerState peer, IPEndPoint endPoint) => IsShared(peer, endPoint);

    /// <summary>The address could be a peer's at all.</summary>
    public static bool IsUsable(IPEndPoint endPoint)
    {
        var address = endPoint.Address;
        if (endPoint.Port == 0 || address.Equals(IPAddress.IPv6Any) || address.IsIPv4MappedToIPv6)
            return false;
        if (AddressLength.Of(address) == AddressLength.V6)
            return !address.IsIPv6Multicast && !address.IsIPv6LinkLocal;
        // 0.0.0.0/8 is this network, from 224.0.0.0 on are multicast, reserved and broadcast addresses.
        return First(address) is > 0 and < 224;
    }

    /// <summary>The address means something inside one site only.</summary>
    public static bool IsPrivate(IPAddress address)
    {
        if (AddressLength.Of(address) == AddressLength.V6)
            return address.IsIPv6UniqueLocal || address.IsIPv6LinkLocal || address.IsIPv6SiteLocal || IPAddress.IsLoopback(address);
        Span<byte> bytes = stackalloc byte[4];
        address.TryWriteBytes(bytes, out _);
        return bytes[0] switch
        {
            10 or 127 => true,
            100 => bytes[1] is >= 64 and < 128,
            169 => bytes[1] == 254,
            172 => bytes[1] is >= 16 and < 32,
            192 => bytes[1] == 168,
            _ => false,
        };
    }

    private static bool IsShared(PeerState peer, IPEndPoint endPoint)
    {
        if (!IsUsable(endPoint))
            return false;
        if (IPAddress.IsLoopback(endPoint.Address))
            return IPAddress.IsLoopback(peer.Connection.EndPoint.Address);
        return peer.IsLan || !IsPrivate(endPoint.Address);
    }

    private static byte First(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[4];
        address.TryWriteBytes(bytes, out _);
        return bytes[0];
    }
}
