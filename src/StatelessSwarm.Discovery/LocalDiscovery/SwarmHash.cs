using System.Buffers;
using System.Buffers.Binary;

namespace StatelessSwarm.Discovery.LocalDiscovery;

/// <summary>
/// The name of a swarm in local service discovery: 20 bytes, the v1 info hash or the first 20 bytes of the v2 one (BEP
/// 14, BEP 52).
/// </summary>
public readonly record struct SwarmHash
{
    /// <summary>Bytes.</summary>
    public const int Size = 20;

    /// <summary>Hexadecimal digits.</summary>
    public const int HexLength = 2 * Size;

    private readonly UInt128 _head;
    private readonly uint _tail;

    /// <summary>Copies a hash.</summary>
    /// <exception cref="ArgumentException">The span is not exactly 20 bytes long.</exception>
    public SwarmHash(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new ArgumentException($"A swarm's hash has {Size} bytes, not {bytes.Length}.", nameof(bytes));
        _head = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        _tail = BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]);
    }

    /// <summary>Copies the 20 bytes to the start of <paramref name="target"/>.</summary>
    public void CopyTo(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt128BigEndian(target, _head);
        BinaryPrimitives.WriteUInt32BigEndian(target[16..], _tail);
    }

    /// <summary>40 lower-case hexadecimal digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    /// <summary>Reads 40 hexadecimal digits of either case; false for anything else.</summary>
    public static bool TryParse(ReadOnlySpan<byte> hex, out SwarmHash hash)
    {
        Span<byte> bytes = stackalloc byte[Size];
        hash = default;
        if (hex.Length != HexLength || Convert.FromHexString(hex, bytes, out _, out _) != OperationStatus.Done)
            return false;
        hash = new SwarmHash(bytes);
        return true;
    }
}
