using StatelessSwarm.Content.Chunks;

namespace StatelessSwarm.Content.Tests.Chunks;

/// <summary>What is copied and what is fetched, proven by putting the new image together.</summary>
public sealed class ReusePlanTests
{
    [Fact]
    public void Make_SameImage_OneCopyAndNothingMissing()
    {
        var map = ChunkMapTests.MapOf(CountedBytes.Make(1 << 20));
        var plan = ReusePlan.Make(map, [map]);
        Assert.Equal(new ChunkCopy(0, 0, 0, 1 << 20, 0, map.Chunks.Count), Assert.Single(plan.Copies));
        Assert.Empty(plan.Missing);
    }

    [Fact]
    public void Make_NothingHeld_AllIsOneMissingStretch()
    {
        var map = ChunkMapTests.MapOf(CountedBytes.Make(1 << 20));
        var plan = ReusePlan.Make(map, []);
        Assert.Equal(new ByteStretch(0, 1 << 20), Assert.Single(plan.Missing));
        Assert.Empty(plan.Copies);
    }

    [Fact]
    public void Make_SeveralImages_TheNewOneCanBePutTogether()
    {
        var first = CountedBytes.Make(3 << 20);
        var second = CountedBytes.Make(1 << 20, first: 1_000_000);
        var added = CountedBytes.Make(300_000, first: 2_000_000);
        byte[] wanted = [.. second, .. first[500_000..], .. added, .. first[..500_000]];
        var plan = ReusePlan.Make(ChunkMapTests.MapOf(wanted), [ChunkMapTests.MapOf(first), ChunkMapTests.MapOf(second)]);

        var made = new byte[wanted.Length];
        foreach (var copy in plan.Copies)
            (copy.Source == 0 ? first : second).AsSpan((int)copy.SourceOffset, (int)copy.Length).CopyTo(made.AsSpan((int)copy.Offset));
        foreach (var missing in plan.Missing)
            wanted.AsSpan((int)missing.Offset, (int)missing.Length).CopyTo(made.AsSpan((int)missing.Offset));
        Assert.Equal(wanted, made);
        Assert.Equal(wanted.Length, plan.ReusedBytes + plan.MissingBytes);
        // What is new, and around each of its four seams at most two chunks.
        Assert.InRange(plan.MissingBytes, added.Length, added.Length + 4 * 2 * GearChunker.MaxBytes);
        Assert.InRange(plan.ReusedBySource[1], second.Length - 2 * GearChunker.MaxBytes, second.Length);
    }
}
