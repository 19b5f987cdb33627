using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace StatelessSwarm.Engine.Peers;

/// <summary>
/// A site's name as it goes over the wire: the first 16 bytes of SHA-256 over <c>stateless-site:</c> and the name in UTF-8, without white
/// space around it and in small letters. It tells members of one site that they are; it is no secret and proves nothing.
/// </summary>
/// <param name="Value">The bytes as a big-endian number.</param>
public readonly record struct SiteId(UInt128 Value)
{
    /// <summary>Bytes on the wire.</summary>
    public const int Size = 16;

    /// <summary>The id of a name; null for a name of nothing but white space, which is no site.</summary>
    public static SiteId? Of(string name)
    {
        var plain = name.Trim().ToLowerInvariant();
        if (plain.Length == 0)
            return null;
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes("stateless-site:" + plain));
        return new SiteId(BinaryPrimitives.ReadUInt128BigEndian(hash));
    }

    /// <summary>Reads <see cref="Size"/> bytes; null for another length.</summary>
    public static SiteId? TryRead(ReadOnlySpan<byte> bytes) =>
        bytes.Length == Size ? new SiteId(BinaryPrimitives.ReadUInt128BigEndian(bytes)) : null;

    /// <summary>Reads 32 hexadecimal digits, as <see cref="ToString"/> writes them; false for anything else.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out SiteId id)
    {
        var isRight = UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value);
        id = new SiteId(value);
        return isRight && text.Length == 2 * Size;
    }

    /// <summary>The bytes.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Size];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Value);
        return bytes;
    }

    /// <summary>32 hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);
}
