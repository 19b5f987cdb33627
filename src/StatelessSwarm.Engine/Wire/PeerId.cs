namespace StatelessSwarm.Engine.Wire;

/// <summary>A peer's 20-byte id (BEP 20 style: <c>-SS0100-</c> and 12 random bytes).</summary>
public readonly partial record struct PeerId
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
        _high = System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
        _low = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]);
    }

    /// <summary>Writes the 20 bytes.</summary>
    public void CopyTo(Span<byte> target)
    {
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(target, _high);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(target[16..], _low);
    }

    /// <summary>A new id: <c>-SS0100-</c> and 12 bytes of <paramref name="random"/>.</summary>
    public static PeerId Create(ReadOnlySpan<byte> random)
    {
        Span<byte> bytes = stackalloc byte[Size];
        "-SS0100-"u8.CopyTo(bytes);
        random[..12].CopyTo(bytes[8..]);
        return new PeerId(bytes);
    }
}
