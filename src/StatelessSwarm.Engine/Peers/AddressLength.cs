using System.Net;

namespace StatelessSwarm.Engine.Peers;

/// <summary>Bytes of an address, which tell IPv4 from IPv6 without a word about sockets.</summary>
internal static class AddressLength
{
    /// <summary>Bytes of an IPv4 address.</summary>
    public const int V4 = 4;

    /// <summary>Bytes of an IPv6 address.</summary>
    public const int V6 = 16;

    /// <summary><see cref="V4"/> or <see cref="V6"/>.</summary>
    public static int Of(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[V6];
        address.TryWriteBytes(bytes, out var written);
        return written;
    }
}
