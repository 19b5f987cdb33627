using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace StatelessSwarm.Swarm.Trackers;

/// <summary>
/// Peers as trackers pack them: address and port, big endian, 6 bytes for IPv4 (BEP 23, BEP 15) and 18 for IPv6 (BEP
/// 7, BEP 15).
/// </summary>
internal static class CompactPeers
{
    /// <summary>Bytes of an IPv4 address.</summary>
    public const int V4AddressLength = 4;

    /// <summary>Bytes of an IPv6 address.</summary>
    public const int V6AddressLength = 16;

    private const int PortLength = 2;

    /// <summary>Adds peers until <see cref="TrackerReply.MaxPeers"/> are there; a broken end and unusable addresses
    /// are left out.</summary>
    public static void AddTo(List<IPEndPoint> peers, ReadOnlySpan<byte> bytes, int addressLength)
    {
        var size = addressLength + PortLength;
        for (; bytes.Length >= size && peers.Count < TrackerReply.MaxPeers; bytes = bytes[size..])
        {
            var port = BinaryPrimitives.ReadUInt16BigEndian(bytes[addressLength..]);
            var address = new IPAddress(bytes[..addressLength]);
            if (IsUsable(address, port))
                peers.Add(new IPEndPoint(address, port));
        }
    }

    /// <summary>False for what nobody can listen on: port 0, the unspecified address, multicast and reserved
    /// ones.</summary>
    public static bool IsUsable(IPAddress address, long port) =>
        port is > 0 and <= ushort.MaxValue
        && !address.Equals(IPAddress.Any)
        && !address.Equals(IPAddress.IPv6Any)
        && !address.IsIPv6Multicast
        && !(address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes()[0] >= 224);
}
