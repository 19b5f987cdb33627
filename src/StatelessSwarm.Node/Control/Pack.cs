using System.Buffers;
using System.Text;
using MessagePack;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Node.Control;

/// <summary>Strict, bounded reading of MessagePack; every fault is a <see cref="ContentException"/> that names the field.</summary>
internal static class Pack
{
    /// <summary>Reads one value from a reader.</summary>
    public delegate T Reader<out T>(ref MessagePackReader reader);

    /// <summary>Decodes a whole body: nothing may be left over.</summary>
    public static T Decode<T>(ReadOnlyMemory<byte> body, string what, Reader<T> read)
    {
        try
        {
            var reader = new MessagePackReader(body);
            var value = read(ref reader);
            if (!reader.End)
                throw new ContentException("bytes after the end");
            return value;
        }
        catch (ContentException fault)
        {
            throw new ContentException($"{what}: {fault.Message}", fault);
        }
        catch (Exception fault)
            when (fault is MessagePackSerializationException or EndOfStreamException or OverflowException or FormatException
                    or DecoderFallbackException)
        {
            throw new ContentException($"{what}: malformed: {fault.Message}", fault);
        }
    }

    /// <summary>An array of exactly <paramref name="length"/> elements.</summary>
    public static void Array(ref MessagePackReader reader, int length, string field)
    {
        var count = reader.ReadArrayHeader();
        if (count != length)
            throw new ContentException($"{field}: {count} elements, expected {length}");
    }

    /// <summary>An array of at most <paramref name="maximum"/> elements; its length.</summary>
    public static int ArrayUpTo(ref MessagePackReader reader, int maximum, string field)
    {
        var count = reader.ReadArrayHeader();
        return count <= maximum ? count : throw new ContentException($"{field}: {count} elements, expected at most {maximum}");
    }

    /// <summary>An integer in a range.</summary>
    public static int Int(ref MessagePackReader reader, string field, int minimum, int maximum)
    {
        var value = reader.ReadInt64();
        return value >= minimum && value <= maximum
            ? (int)value
            : throw new ContentException($"{field}: {value}, expected {minimum} to {maximum}");
    }

    /// <summary>A count: 0 or more.</summary>
    public static long Count(ref MessagePackReader reader, string field)
    {
        var value = reader.ReadInt64();
        return value >= 0 ? value : throw new ContentException($"{field}: {value}, expected 0 or more");
    }

    /// <summary>Text of at most <paramref name="maximum"/> characters.</summary>
    public static string Text(ref MessagePackReader reader, string field, int maximum)
    {
        var text = reader.ReadString() ?? throw new ContentException($"{field}: nil, expected text");
        return text.Length <= maximum ? text : throw new ContentException($"{field}: {text.Length} characters, expected at most {maximum}");
    }

    /// <summary>Text, or nil.</summary>
    public static string? TextOrNil(ref MessagePackReader reader, string field, int maximum) =>
        reader.TryReadNil() ? null : Text(ref reader, field, maximum);

    /// <summary>32 bytes.</summary>
    public static Sha256Digest Digest(ref MessagePackReader reader, string field)
    {
        var bytes = reader.ReadBytes() ?? throw new ContentException($"{field}: nil, expected {Sha256Digest.Size} bytes");
        return bytes.Length == Sha256Digest.Size
            ? new Sha256Digest(bytes.ToArray())
            : throw new ContentException($"{field}: {bytes.Length} bytes, expected {Sha256Digest.Size}");
    }
}
