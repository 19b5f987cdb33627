using StatelessSwarm.Content.Chunks;

namespace StatelessSwarm.Content.Tests.Chunks;

/// <summary>Where cuts fall: by a plain reference of the rule, within bounds, and alike in equal content.</summary>
public sealed class GearChunkerTests
{
    [Fact]
    public void FindCut_RandomBytes_AsTheRuleSays()
    {
        var bytes = CountedBytes.Make(512 << 10);
        var at = 0;
        foreach (var length in Cuts(bytes))
        {
            Assert.Equal(Reference(bytes.AsSpan(at)), length);
            at += length;
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(16383)]
    [InlineData(16384)]
    [InlineData(16385)]
    [InlineData(65535)]
    [InlineData(65536)]
    public void FindCut_DataEnds_AsTheRuleSays(int length)
    {
        foreach (var first in new long[] { 0, 1_000_000, 2_000_000, 3_000_000 })
        {
            var bytes = CountedBytes.Make(length, first);
            Assert.Equal(Reference(bytes), GearChunker.FindCut(bytes));
        }
    }

    [Fact]
    public void FindCut_OneByteOverAndOver_IsTheLongestChunk()
    {
        for (var value = 0; value < 256; value += 15)
        {
            var bytes = new byte[GearChunker.MaxBytes + 1];
            Array.Fill(bytes, (byte)value);
            Assert.Equal(Reference(bytes), GearChunker.FindCut(bytes));
        }
    }

    [Fact]
    public void FindCut_RandomBytes_LengthsAreBoundedAndNearTheAverage()
    {
        var lengths = Cuts(CountedBytes.Make(16 << 20)).SkipLast(1).ToList();
        Assert.All(lengths, length => Assert.InRange(length, GearChunker.MinBytes, GearChunker.MaxBytes));
        Assert.InRange(lengths.Average(), 14_000, 20_000);
    }

    [Fact]
    public void FindCut_BytesPutIn_CutsAreTheSameSoonAfter()
    {
        var bytes = CountedBytes.Make(4 << 20);
        byte[] longer = [.. bytes[..100_000], 1, 2, 3, .. bytes[100_000..]];
        var cuts = Ends(bytes).Where(end => end > 400_000).Select(end => end + 3);
        Assert.Equal(cuts, Ends(longer).Where(end => end > 400_003));
    }

    private static IEnumerable<int> Ends(byte[] bytes)
    {
        var end = 0;
        return Cuts(bytes).Select(length => end += length);
    }

    private static IEnumerable<int> Cuts(byte[] bytes)
    {
        for (int at = 0, length; at < bytes.Length; at += length)
        {
            length = GearChunker.FindCut(bytes.AsSpan(at));
            yield return length;
        }
    }

    /// <summary>The rule of docs/chunk-map.md, byte by byte.</summary>
    private static int Reference(ReadOnlySpan<byte> data)
    {
        var end = Math.Min(data.Length, 65536);
        for (var length = 4096; length < end; length++)
        {
            var hash = 0UL;
            foreach (var value in data[(length - 64)..length])
                hash = unchecked((hash << 1) + GearTable.Entries[value]);
            if (hash >> (length < 16384 ? 48 : 52) == 0)
                return length;
        }
        return end;
    }
}
