using System.Buffers;
using System.Text;
using MessagePack;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Packing;

/// <summary>
/// Writes the strict MessagePack subset that <see cref="PackReader"/> reads: maps with ascending integer keys, arrays,
/// integers, booleans, strings, binaries; every value in its shortest form, so equal values give equal bytes. Counts and
/// key order are the caller's to keep; <see cref="ToArray"/> reads the result back and throws if they were not.
/// </summary>
public sealed class PackWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new();

    /// <summary>Begins a map; so many pairs of <see cref="WriteKey"/> and a value follow.</summary>
    public void WriteMap(int fields)
    {
        var writer = new MessagePackWriter(_buffer);
        writer.WriteMapHeader(fields);
        writer.Flush();
    }

    /// <summary>Writes a map key, above the one before it.</summary>
    public void WriteKey(int key) => WriteInteger(key);

    /// <summary>Begins an array; so many values follow.</summary>
    public void WriteArray(int items)
    {
        var writer = new MessagePackWriter(_buffer);
        writer.WriteArrayHeader(items);
        writer.Flush();
    }

    /// <summary>Writes an integer.</summary>
    public void WriteInteger(long value)
    {
        var writer = new MessagePackWriter(_buffer);
        writer.Write(value);
        writer.Flush();
    }

    /// <summary>Writes a boolean.</summary>
    public void WriteBoolean(bool value)
    {
        var writer = new MessagePackWriter(_buffer);
        writer.Write(value);
        writer.Flush();
    }

    /// <summary>Writes a string.</summary>
    public void WriteText(string value)
    {
        var writer = new MessagePackWriter(_buffer);
        writer.WriteString(Encoding.UTF8.GetBytes(value));
        writer.Flush();
    }

    /// <summary>Writes a binary.</summary>
    public void WriteBinary(ReadOnlySpan<byte> value)
    {
        var writer = new MessagePackWriter(_buffer);
        writer.Write(value);
        writer.Flush();
    }

    /// <summary>Writes a digest as a binary of 32 bytes.</summary>
    public void WriteDigest(Sha256Digest value) => WriteBinary(value.AsSpan());

    /// <summary>Writes a value that is packed already, as the exact bytes a <see cref="PackReader"/> gave.</summary>
    public void WriteRaw(ReadOnlySpan<byte> packed) => _buffer.Write(packed);

    /// <summary>The bytes.</summary>
    /// <exception cref="InvalidOperationException">They are not one well-formed value: a count or key order is wrong.</exception>
    public byte[] ToArray()
    {
        var bytes = _buffer.WrittenSpan.ToArray();
        try
        {
            var reader = new PackReader(bytes, "packed value", bytes.Length);
            reader.SkipValue("value");
            reader.Finish();
        }
        catch (ContentException exception)
        {
            throw new InvalidOperationException(exception.Message, exception);
        }
        return bytes;
    }
}
