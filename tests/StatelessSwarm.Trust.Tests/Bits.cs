namespace StatelessSwarm.Trust.Tests;

internal static class Bits
{
    /// <summary>A copy with one bit changed.</summary>
    public static byte[] Flip(ReadOnlySpan<byte> bytes, long bit)
    {
        var copy = bytes.ToArray();
        copy[checked((int)(bit / 8))] ^= (byte)(1 << (int)(bit % 8));
        return copy;
    }
}
