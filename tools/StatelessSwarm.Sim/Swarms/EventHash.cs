using System.Numerics;

namespace StatelessSwarm.Sim.Swarms;

/// <summary>
/// A running hash over what happens, 128 bits, a few nanoseconds per number: two runs with one hash did the same. (Two multiplications
/// and rotations per word, as in MurmurHash3 by Appleby; against accidents, not against attackers.)
/// </summary>
internal struct EventHash
{
    private ulong _a;
    private ulong _b;

    /// <summary>Numbers added.</summary>
    public long Count { get; private set; }

    /// <summary>Adds two numbers.</summary>
    public void Add(long first, long second)
    {
        unchecked
        {
            Count++;
            _a = BitOperations.RotateLeft(_a ^ ((ulong)first * 0x87c37b91114253d5), 27) * 5 + 0x52dce729 + _b;
            _b = BitOperations.RotateLeft(_b ^ ((ulong)second * 0x4cf5ad432745937f), 31) * 5 + 0x38495ab5 + _a;
        }
    }

    /// <summary>Adds bytes.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= 8; bytes = bytes[8..])
            Add(System.Buffers.Binary.BinaryPrimitives.ReadInt64LittleEndian(bytes), 8);
        var rest = 0L;
        foreach (var value in bytes)
            rest = rest << 8 | value;
        Add(rest, bytes.Length);
    }

    /// <summary>Adds another hash.</summary>
    public void Add(in EventHash other)
    {
        unchecked
        {
            Add((long)other._a, (long)other._b);
        }
        Count += other.Count - 1;
    }

    /// <summary>The hash in 32 hexadecimal digits.</summary>
    public override readonly string ToString() => $"{_a:x16}{_b:x16}";
}
