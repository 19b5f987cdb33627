using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace StatelessSwarm.Content.Chunks;

/// <summary>
/// Finds where an image is cut into chunks, by its content alone: equal stretches of two images are cut alike wherever they lie. FastCDC
/// with normalisation 2: the gear hash of the last 64 bytes, <c>h = (h &lt;&lt; 1) + table[byte]</c>, ends a chunk behind the byte at which
/// its upper 16 bits are zero, from the 16 KiB mark on at which the upper 12 are. Docs: <c>docs/chunk-map.md</c>.
/// </summary>
public static class GearChunker
{
    /// <summary>No chunk but an image's last is shorter: 4 KiB.</summary>
    public const int MinBytes = 4 * 1024;

    /// <summary>From this length on a cut is sixteen times as likely: 16 KiB, near which most chunks end.</summary>
    public const int AverageBytes = 16 * 1024;

    /// <summary>No chunk is longer: 64 KiB.</summary>
    public const int MaxBytes = 64 * 1024;

    private const int WindowBytes = 64;
    private const ulong EarlyMask = 0xffff_0000_0000_0000;
    private const ulong LateMask = 0xfff0_0000_0000_0000;

    /// <summary>
    /// Length of the first chunk of <paramref name="data"/>, which must hold <see cref="MaxBytes"/> bytes or all that is left of the image.
    /// </summary>
    /// <returns>1 to <see cref="MaxBytes"/>; 0 for no data.</returns>
    public static int FindCut(ReadOnlySpan<byte> data)
    {
        var end = Math.Min(data.Length, MaxBytes);
        if (end <= MinBytes)
            return end;
        ref var bytes = ref MemoryMarshal.GetReference(data);
        ref var table = ref MemoryMarshal.GetReference(GearTable.Entries);
        var hash = 0UL;
        // The window is full where the first cut may be, so that a cut depends on 64 bytes of content and on nothing before them.
        for (var at = MinBytes - WindowBytes; at < MinBytes - 1; at++)
            hash = unchecked((hash << 1) + Unsafe.Add(ref table, Unsafe.Add(ref bytes, at)));
        var cut = Scan(ref bytes, ref table, MinBytes - 1, Math.Min(end, AverageBytes) - 1, EarlyMask, ref hash);
        if (cut < 0 && end > AverageBytes)
            cut = Scan(ref bytes, ref table, AverageBytes - 1, end - 1, LateMask, ref hash);
        return cut < 0 ? end : cut + 1;
    }

    /// <summary>The first byte from <paramref name="at"/> on and before <paramref name="end"/> whose hash has no bit of the mask; -1 for none.</summary>
    private static int Scan(ref byte bytes, ref ulong table, int at, int end, ulong mask, ref ulong rolling)
    {
        unchecked
        {
            var hash = rolling;
            // Two bytes a step: their table entries add up off the chain of shifts, which is what the processor waits for.
            for (; at + 1 < end; at += 2)
            {
                var first = Unsafe.Add(ref table, Unsafe.Add(ref bytes, at));
                var both = (first << 1) + Unsafe.Add(ref table, Unsafe.Add(ref bytes, at + 1));
                if ((((hash << 1) + first) & mask) == 0)
                    return at;
                hash = (hash << 2) + both;
                if ((hash & mask) == 0)
                    return at + 1;
            }
            for (; at < end; at++)
            {
                hash = (hash << 1) + Unsafe.Add(ref table, Unsafe.Add(ref bytes, at));
                if ((hash & mask) == 0)
                    return at;
            }
            rolling = hash;
            return -1;
        }
    }
}
