using System.Buffers.Binary;
using System.Security.Cryptography;

namespace StatelessSwarm.Content.Chunks;

/// <summary>
/// The 256 numbers of the gear hash (Xia et al., "Ddelta", 2014; FastCDC, 2016). Entry <c>b</c> is the first 8 bytes, big-endian, of the
/// SHA-256 of the ASCII text <c>StatelessSwarm gear 1</c> followed by the byte <c>b</c>: anybody can compute them, nobody chose them.
/// </summary>
internal static class GearTable
{
    private static readonly ulong[] Numbers = Make();

    /// <summary>The table, by byte.</summary>
    public static ReadOnlySpan<ulong> Entries => Numbers;

    private static ulong[] Make()
    {
        byte[] text = [.. "StatelessSwarm gear 1"u8, 0];
        var numbers = new ulong[256];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        for (var value = 0; value < numbers.Length; value++)
        {
            text[^1] = (byte)value;
            SHA256.HashData(text, hash);
            numbers[value] = BinaryPrimitives.ReadUInt64BigEndian(hash);
        }
        return numbers;
    }
}
