using System.Buffers.Binary;

namespace StatelessSwarm.Engine.Wire;

/// <summary>A peer's 20-byte id (BEP 20 style: <c>-SL0100-</c> and 12 random bytes). Ordered byte by byte.</summary>
public readonly partial record struct PeerId : IComparable<PeerId>
{
    private readonly UInt128 _high;
    private readonly uint _low;

    /// <summary>Bytes in an id.</summary>
    public const int Size = 20;

    /// <summary>Copies 20 bytes.</summary>
    public PeerId(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new ArgumentException($"A peer id has {Size} bytes, not {bytes.Length}.", nameof(bytes));
        _high = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        _low = BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]);
    }

    /// <summary>Writes the 20 bytes.</summary>
    public void CopyTo(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt128BigEndian(target, _high);
        BinaryPrimitives.WriteUInt32BigEndian(target[16..], _low);
    }

    /// <summary>A new id: <c>-SL0100-</c> and 12 bytes of <paramref name="random"/>.</summary>
    public static PeerId Create(ReadOnlySpan<byte> random)
    {
        Span<byte> bytes = stackalloc byte[Size];
        "-SL0100-"u8.CopyTo(bytes);
        random[..12].CopyTo(bytes[8..]);
        return new PeerId(bytes);
    }

    /// <inheritdoc/>
    public int CompareTo(PeerId other)
    {
        var high = _high.CompareTo(other._high);
        return high != 0 ? high : _low.CompareTo(other._low);
    }

    /// <summary>Byte-wise order.</summary>
    public static bool operator <(PeerId left, PeerId right) => left.CompareTo(right) < 0;

    /// <summary>Byte-wise order.</summary>
    public static bool operator <=(PeerId left, PeerId right) => left.CompareTo(right) <= 0;

    /// <summary>Byte-wise order.</summary>
    public static bool operator >(PeerId left, PeerId right) => left.CompareTo(right) > 0;

    /// <summary>Byte-wise order.</summary>
    public static bool operator >=(PeerId left, PeerId right) => left.CompareTo(right) >= 0;
}
