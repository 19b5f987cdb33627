using System.Buffers.Binary;
using System.Security.Cryptography;

namespace StatelessSwarm.Content.Chunks;

/// <summary>A content-defined stretch of an image.</summary>
/// <param name="Offset">First byte in the image.</param>
/// <param name="Length">Bytes, 1 to <see cref="GearChunker.MaxBytes"/>.</param>
/// <param name="Hash">The first 16 bytes of its SHA-256, big-endian. It finds a chunk; what is copied is verified as a piece all the same.</param>
public readonly record struct Chunk(long Offset, int Length, UInt128 Hash)
{
    /// <summary>The short hash of a chunk's bytes.</summary>
    public static UInt128 HashOf(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }
}
