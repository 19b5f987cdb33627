using System.Numerics;

namespace StatelessSwarm.Engine.Chance;

/// <summary>
/// xoshiro256** (Blackman and Vigna, 2018), its state filled by splitmix64 from one number: the engine's only source of
/// randomness, so that equal seeds give equal runs. Not for secrets.
/// </summary>
internal sealed class SeededRandom
{
    private ulong _a;
    private ulong _b;
    private ulong _c;
    private ulong _d;

    public SeededRandom(ulong seed)
    {
        _a = SplitMix(ref seed);
        _b = SplitMix(ref seed);
        _c = SplitMix(ref seed);
        _d = SplitMix(ref seed);
    }

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        unchecked
        {
            var result = BitOperations.RotateLeft(_b * 5, 7) * 9;
            var shifted = _b << 17;
            _c ^= _a;
            _d ^= _b;
            _b ^= _c;
            _a ^= _d;
            _c ^= shifted;
            _d = BitOperations.RotateLeft(_d, 45);
            return result;
        }
    }

    /// <summary>An integer from 0 to <paramref name="bound"/> - 1 (Lemire's multiply-shift; its bias below 2^-32 is harmless here).</summary>
    public int Below(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bound, 1);
        return (int)(((Next() >> 32) * (ulong)bound) >> 32);
    }

    private static ulong SplitMix(ref ulong state)
    {
        unchecked
        {
            state += 0x9e3779b97f4a7c15;
            var z = state;
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
            z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
            return z ^ (z >> 31);
        }
    }
}
