using System.Buffers;
using MessagePack;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Trust.Signing;

/// <summary>
/// Bounded reads of MessagePack from hostile bytes. Forms are not checked here: a decoder of this room encodes what it
/// read and compares, so that every value has one encoding.
/// </summary>
internal static class PackRead
{
    /// <summary>Runs a decoder; whatever the MessagePack reader throws on broken bytes becomes one refusal.</summary>
    public static T Guard<T>(string what, Func<T> decode)
    {
        try
        {
            return decode();
        }
        catch (Exception fault)
            when (fault is MessagePackSerializationException or EndOfStreamException or OverflowException or InvalidOperationException)
        {
            throw new TrustException(TrustFault.Malformed, $"{what}: not the expected MessagePack.", fault);
        }
    }

    public static void ArrayOf(ref MessagePackReader reader, int count, string what)
    {
        var seen = reader.ReadArrayHeader();
        if (seen != count)
            throw Malformed(what, $"expected an array of {count}, not of {seen}");
    }

    /// <summary>The head of an array whose first element is the format.</summary>
    public static void ArrayOf(ref MessagePackReader reader, int count, int format, string what)
    {
        ArrayOf(ref reader, count, what);
        if (reader.ReadInt32() != format)
            throw Malformed(what, $"expected format {format}");
    }

    public static int Array(ref MessagePackReader reader, int maxCount, string what)
    {
        var count = reader.ReadArrayHeader();
        if (count > maxCount)
            throw Malformed(what, $"expected an array of at most {maxCount}, not of {count}");
        return count;
    }

    public static ReadOnlyMemory<byte> Binary(ref MessagePackReader reader, int maxBytes, string what)
    {
        var bytes = reader.ReadBytes() ?? throw Malformed(what, "expected binary, not nil");
        if (bytes.Length > maxBytes)
            throw Malformed(what, $"expected at most {maxBytes} bytes, not {bytes.Length}");
        return bytes.IsSingleSegment ? bytes.First : bytes.ToArray();
    }

    public static ReadOnlyMemory<byte> BinaryOf(ref MessagePackReader reader, int count, string what)
    {
        var bytes = Binary(ref reader, count, what);
        if (bytes.Length != count)
            throw Malformed(what, $"expected {count} bytes, not {bytes.Length}");
        return bytes;
    }

    public static Sha256Digest Digest(ref MessagePackReader reader, string what) =>
        new(BinaryOf(ref reader, Sha256Digest.Size, what).Span);

    /// <summary>The head of a map of fields 0, 1, 2 ...: its size, and field 0, the format.</summary>
    public static void MapOf(ref MessagePackReader reader, int count, int format, string what)
    {
        if (reader.ReadMapHeader() != count || reader.ReadInt32() != 0 || reader.ReadInt32() != format)
            throw Malformed(what, $"expected a map of {count} of format {format}");
    }

    /// <summary>The number of the next field.</summary>
    public static void Field(ref MessagePackReader reader, int field, string what)
    {
        var seen = reader.ReadInt32();
        if (seen != field)
            throw Malformed(what, $"expected field {field}, not {seen}");
    }

    private static TrustException Malformed(string what, string problem) =>
        new(TrustFault.Malformed, $"{what}: {problem}.");
}
