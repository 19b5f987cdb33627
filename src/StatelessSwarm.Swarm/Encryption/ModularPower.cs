using System.Buffers.Binary;
using System.Numerics;

namespace StatelessSwarm.Swarm.Encryption;

/// <summary>
/// Powers modulo one odd number of 768 bits, by Montgomery's multiplication (Montgomery 1985; the loop is "CIOS" of Koç, Acar and Kaliski 1996)
/// over twelve 64-bit limbs, least significant first, with windows of four bits. The steps taken depend on the length of the exponent
/// only. A quarter of the time of <see cref="BigInteger.ModPow"/>, which every stranger can make us spend.
/// </summary>
internal sealed class ModularPower
{
    private const int Limbs = 12;
    private const int Size = Limbs * sizeof(ulong);
    private const int WindowBits = 4;

    private readonly ulong[] _modulus;
    private readonly ulong[] _one;
    private readonly ulong[] _square;
    private readonly ulong _inverse;

    /// <summary>For one modulus.</summary>
    /// <param name="modulus">Odd, 768 bits with the highest set.</param>
    public ModularPower(BigInteger modulus)
    {
        _modulus = ToLimbs(modulus);
        var radix = BigInteger.One << (8 * Size);
        _one = ToLimbs(radix % modulus);
        _square = ToLimbs(radix * radix % modulus);
        // Newton's iteration doubles the right bits of 1/m each time: 5, 10, 20, 40, 80.
        unchecked
        {
            var inverse = (3 * _modulus[0]) ^ 2;
            for (var round = 0; round < 4; round++)
                inverse *= 2 - _modulus[0] * inverse;
            _inverse = 0 - inverse;
        }
    }

    /// <summary>The base to the exponent, as 96 bytes.</summary>
    /// <param name="number">96 bytes, big-endian, less than the modulus.</param>
    /// <param name="exponent">Big-endian.</param>
    public byte[] Raise(ReadOnlySpan<byte> number, ReadOnlySpan<byte> exponent)
    {
        var table = new ulong[1 << WindowBits][];
        table[0] = _one;
        table[1] = new ulong[Limbs];
        Multiply(ToLimbs(number), _square, table[1]);
        for (var index = 2; index < table.Length; index++)
            Multiply(table[index - 1], table[1], table[index] = new ulong[Limbs]);
        var result = (ulong[])_one.Clone();
        foreach (var item in exponent)
        {
            Step(result, table[item >> WindowBits]);
            Step(result, table[item & ((1 << WindowBits) - 1)]);
        }
        var unit = new ulong[Limbs];
        unit[0] = 1;
        Multiply(result, unit, result);
        var bytes = new byte[Size];
        for (var limb = 0; limb < Limbs; limb++)
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(Size - (limb + 1) * sizeof(ulong)), result[limb]);
        return bytes;
    }

    private void Step(ulong[] result, ulong[] factor)
    {
        for (var bit = 0; bit < WindowBits; bit++)
            Multiply(result, result, result);
        Multiply(result, factor, result);
    }

    /// <summary>left x right / 2^768 modulo the modulus; the target may be one of them.</summary>
    private void Multiply(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, Span<ulong> target)
    {
        Span<ulong> sum = stackalloc ulong[Limbs + 2];
        sum.Clear();
        ReadOnlySpan<ulong> modulus = _modulus;
        for (var i = 0; i < Limbs; i++)
        {
            AddProduct(sum, left, right[i]);
            AddProduct(sum, modulus, unchecked(sum[0] * _inverse));
            sum[1..].CopyTo(sum);
            sum[Limbs + 1] = 0;
        }
        // Less than twice the modulus: subtract it once if it fits.
        Span<ulong> less = stackalloc ulong[Limbs];
        ulong borrow = 0;
        for (var i = 0; i < Limbs; i++)
        {
            var difference = unchecked(sum[i] - modulus[i]);
            less[i] = unchecked(difference - borrow);
            borrow = sum[i] < modulus[i] || difference < borrow ? 1UL : 0;
        }
        (sum[Limbs] >= borrow ? less : sum[..Limbs]).CopyTo(target);
    }

    /// <summary>sum += left x factor.</summary>
    private static void AddProduct(Span<ulong> sum, ReadOnlySpan<ulong> left, ulong factor)
    {
        unchecked
        {
            ulong carry = 0;
            for (var j = 0; j < Limbs; j++)
            {
                // Fits: (2^64 - 1)^2 + 2 (2^64 - 1) is 2^128 - 1.
                var high = Math.BigMul(left[j], factor, out var low);
                low += carry;
                if (low < carry)
                    high++;
                sum[j] += low;
                carry = sum[j] < low ? high + 1 : high;
            }
            sum[Limbs] += carry;
            if (sum[Limbs] < carry)
                sum[Limbs + 1]++;
        }
    }

    private static ulong[] ToLimbs(BigInteger number)
    {
        var bytes = new byte[Size];
        var length = number.GetByteCount(isUnsigned: true);
        number.TryWriteBytes(bytes.AsSpan(Size - length), out _, isUnsigned: true, isBigEndian: true);
        return ToLimbs(bytes);
    }

    private static ulong[] ToLimbs(ReadOnlySpan<byte> bytes)
    {
        var limbs = new ulong[Limbs];
        for (var limb = 0; limb < Limbs; limb++)
            limbs[limb] = BinaryPrimitives.ReadUInt64BigEndian(bytes[(Size - (limb + 1) * sizeof(ulong))..]);
        return limbs;
    }
}
