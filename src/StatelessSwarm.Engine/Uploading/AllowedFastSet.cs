using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;

namespace StatelessSwarm.Engine.Uploading;

/// <summary>
/// The allowed-fast set (BEP 6): pieces that a peer new to the swarm may ask for while it is choked. Made of the peer's IPv4 network
/// (/24) and the info hash, so that coming again from next door gives the same set: SHA-1 over both, and over its own result for more,
/// five 32-bit big-endian numbers each, modulo the piece count.
/// </summary>
internal static class AllowedFastSet
{
    /// <summary>Pieces in a set, where the torrent has so many.</summary>
    public const int Size = 10;

    // Chance finds the last piece of a tiny torrent long before.
    private const int MaxRounds = 1000;

    /// <summary>The set, in the order it is made; empty for IPv6, for which the standard knows none.</summary>
    public static int[] Make(IPAddress address, InfoHash hash, int pieceCount, int size = Size)
    {
        if (AddressLength.Of(address) != AddressLength.V4)
            return [];
        Span<byte> seed = stackalloc byte[4 + InfoHash.Size];
        address.TryWriteBytes(seed, out _);
        seed[3] = 0;
        hash.CopyTo(seed[4..]);
        var set = new List<int>(size);
        Span<byte> sum = stackalloc byte[SHA1.HashSizeInBytes];
        SHA1.HashData(seed, sum);
        var wanted = Math.Min(size, pieceCount);
        for (var round = 0; round < MaxRounds && set.Count < wanted; round++)
        {
            for (var at = 0; at < sum.Length && set.Count < wanted; at += sizeof(uint))
            {
                var piece = (int)(BinaryPrimitives.ReadUInt32BigEndian(sum[at..]) % (uint)pieceCount);
                if (!set.Contains(piece))
                    set.Add(piece);
            }
            SHA1.HashData(sum, sum);
        }
        return [.. set];
    }
}
