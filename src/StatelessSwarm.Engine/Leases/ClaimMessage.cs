using System.Buffers;
using MessagePack;

namespace StatelessSwarm.Engine.Leases;

/// <summary>
/// The content of an <c>ss</c> message (BEP 10), in MessagePack: <c>[version = 1, kind, [number, ...]]</c>. For claims and
/// taken pieces the numbers come in pairs, piece and blocks received of it; for releases they are pieces; for needs see <see cref="ClaimMessageKind.Needs"/>; the other kinds have none. At most <see cref="MaxPieces"/> pieces. A message of
/// a later version, or of an unknown kind, is skipped.
/// </summary>
internal static class ClaimMessage
{
    /// <summary>Version written.</summary>
    public const int Version = 1;

    /// <summary>Pieces in one message at most.</summary>
    public const int MaxPieces = 256;

    /// <summary>Bytes of a message at most: 512 numbers of five bytes and their heads.</summary>
    public const int MaxBytes = 2 * MaxPieces * 5 + 16;

    /// <summary>Encodes the numbers.</summary>
    public static byte[] Write(ClaimMessageKind kind, ReadOnlySpan<int> numbers)
    {
        var buffer = new ArrayBufferWriter<byte>(16 + numbers.Length * 5);
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(3);
        writer.Write(Version);
        writer.Write((int)kind);
        writer.WriteArrayHeader(numbers.Length);
        foreach (var number in numbers)
            writer.Write(number);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Decodes into <paramref name="numbers"/>, which is cleared first; false when the message is broken.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> payload, out ClaimMessageKind kind, List<int> numbers)
    {
        kind = default;
        numbers.Clear();
        if (payload.Length > MaxBytes)
            return false;
        try
        {
            var reader = new MessagePackReader(payload);
            if (reader.ReadArrayHeader() < 3)
                return false;
            if (reader.ReadInt32() != Version)
                return true;
            kind = (ClaimMessageKind)reader.ReadInt32();
            if (kind is < ClaimMessageKind.Claims or > ClaimMessageKind.Taken)
                return true;
            var count = reader.ReadArrayHeader();
            if (count > 2 * MaxPieces || (kind is ClaimMessageKind.Claims or ClaimMessageKind.Taken && count % 2 != 0))
                return false;
            for (; count > 0; count--)
                numbers.Add(reader.ReadInt32());
            return true;
        }
        catch (Exception fault) when (fault is MessagePackSerializationException or EndOfStreamException or OverflowException)
        {
            return false;
        }
    }
}
