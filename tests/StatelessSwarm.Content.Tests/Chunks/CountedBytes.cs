using System.Buffers.Binary;
using System.Security.Cryptography;

namespace StatelessSwarm.Content.Tests.Chunks;

/// <summary>Bytes that anybody can make: the SHA-256 of 0, 1, 2 ... as 8 big-endian bytes each, one after the other.</summary>
internal static class CountedBytes
{
    public static byte[] Make(int length, long first = 0)
    {
        var bytes = new byte[(length + 31) / 32 * 32];
        Span<byte> number = stackalloc byte[8];
        for (var at = 0; at < bytes.Length; at += 32)
        {
            BinaryPrimitives.WriteInt64BigEndian(number, first++);
            SHA256.HashData(number, bytes.AsSpan(at));
        }
        return bytes[..length];
    }
}
