using System.Buffers.Binary;
using System.Net;
using System.Numerics;

namespace StatelessSwarm.Engine.Peers;

/// <summary>
/// Canonical peer priority (BEP 40): CRC32-C over both addresses, masked and in ascending order, so that both ends of a connection
/// come to the same number and nobody can fill a swarm's connections from a few networks. The mask keeps the first 2 bytes (IPv6: 6)
/// and every second bit of the rest, and one byte more than the two addresses have in common when those are the same. For two peers
/// on one address it is the CRC of their ports.
/// </summary>
internal static class CanonicalPriority
{
    private const int V4Kept = 2;
    private const int V6Kept = 6;
    private const byte Sparse = 0x55;

    /// <summary>The priority of a connection; 0 when the addresses are of different families.</summary>
    /// <param name="ours">Our address as the peer sees it, and the port we listen on.</param>
    /// <param name="theirs">The peer's address and the port it listens on.</param>
    public static uint Of(IPEndPoint ours, IPEndPoint theirs)
    {
        if (AddressLength.Of(ours.Address) != AddressLength.Of(theirs.Address))
            return 0;
        Span<byte> left = stackalloc byte[16];
        Span<byte> right = stackalloc byte[16];
        ours.Address.TryWriteBytes(left, out var size);
        theirs.Address.TryWriteBytes(right, out _);
        left = left[..size];
        right = right[..size];
        if (left.SequenceEqual(right))
        {
            BinaryPrimitives.WriteUInt16BigEndian(left, (ushort)ours.Port);
            BinaryPrimitives.WriteUInt16BigEndian(right, (ushort)theirs.Port);
            return Sum(left[..2], right[..2]);
        }
        var common = left.CommonPrefixLength(right);
        var kept = AddressLength.Of(ours.Address) == AddressLength.V4 ? V4Kept : V6Kept;
        if (common >= kept)
            kept = common + 1;
        for (var index = kept; index < size; index++)
        {
            left[index] &= Sparse;
            right[index] &= Sparse;
        }
        return Sum(left, right);
    }

    private static uint Sum(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var isOrdered = left.SequenceCompareTo(right) <= 0;
        var crc = Add(uint.MaxValue, isOrdered ? left : right);
        return ~Add(crc, isOrdered ? right : left);
    }

    private static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (var item in bytes)
            crc = BitOperations.Crc32C(crc, item);
        return crc;
    }
}
