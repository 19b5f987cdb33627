using StatelessSwarm.Content.Chunks;
using StatelessSwarm.Roots.Reuse;
using StatelessSwarm.Roots.Tests.Support;

namespace StatelessSwarm.Roots.Tests.Reuse;

/// <summary>A new image put together from old ones.</summary>
public sealed class ChunkCopierTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("ss-copier-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>Two images give what they have; what neither has stays as it was.</summary>
    [Fact]
    public async Task Copy_TwoOldImages_BothGiveTheirPart()
    {
        var (one, two, fresh) = (Bytes(1, 3_000_000), Bytes(2, 2_000_000), Bytes(3, 100_000));
        byte[] image = [.. one[700_001..2_500_000], .. fresh, .. two[5..1_500_000]];
        var result = await CopyAsync(image, [Hold("one", one), Hold("two", two)]);
        AssertInPlace(image, result);
        Assert.InRange(result.Bytes, image.Length - fresh.Length - 6 * GearChunker.MaxBytes, image.Length - fresh.Length);
        Assert.Equal(0, result.RottenChunks);
        Assert.Equal(result.Bytes, result.Stretches.Sum(stretch => stretch.Length));
    }

    /// <summary>Rotten chunks are left out, their neighbours are not.</summary>
    [Fact]
    public async Task Copy_RottenImage_GivesItsSoundChunks()
    {
        var old = Bytes(1, 3_000_000);
        var held = Hold("old", old);
        var rotten = old.ToArray();
        for (var at = 100_000; at < rotten.Length; at += 1_000_000)
            rotten[at] ^= 0x80;
        await File.WriteAllBytesAsync(held.Path, rotten, Cancellation);
        var result = await CopyAsync(old, [held]);
        AssertInPlace(old, result);
        Assert.Equal(3, result.RottenChunks);
        Assert.Equal(4, result.Stretches.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Copy_ImageGoneOrShort_GivesNothingOfIt(bool isGone)
    {
        var old = Bytes(1, 500_000);
        var held = Hold("old", old);
        if (isGone)
            File.Delete(held.Path);
        else
            await File.WriteAllBytesAsync(held.Path, old.AsMemory(0, 10), Cancellation);
        var result = await CopyAsync(old, [held]);
        Assert.Empty(result.Stretches);
        Assert.Equal(held.Map.Chunks.Count, result.RottenChunks);
    }

    /// <summary>What may not be written is not: chunk by chunk.</summary>
    [Fact]
    public async Task Copy_PartIsVerified_IsNotTouched()
    {
        var old = Bytes(1, 2_000_000);
        var result = await CopyAsync(old, [Hold("old", old)], (offset, length) => offset + length <= 800_000 || offset >= 1_200_000);
        Assert.Equal(2, result.Stretches.Count);
        Assert.InRange(result.Stretches[0].Length, 800_000 - GearChunker.MaxBytes, 800_000);
        Assert.Equal(0, result.RottenChunks);
        var target = await File.ReadAllBytesAsync(Target, Cancellation);
        Assert.True(target.AsSpan(800_000, 400_000).IndexOfAnyExcept((byte)0) < 0);
    }

    /// <summary>On XFS what lies alike in both images shares its blocks with the old one.</summary>
    [Fact]
    public async Task Copy_OnXfs_SharesBlocks()
    {
        using var xfs = await MountedFileSystem.XfsAsync();
        var old = Bytes(1, 20_000_000 / 4096 * 4096);
        var image = old.ToArray();
        Bytes(2, 50_000).CopyTo(image, 7_000_000);
        var held = Hold("old", old, xfs.Path);
        var before = await xfs.FreeBytesAsync();
        var target = Path.Combine(xfs.Path, "new");
        var result = await CopyAsync(image, [held], target: target);
        AssertInPlace(image, result, target);
        Assert.InRange(result.SharedBytes, 19_000_000, result.Bytes);
        Assert.InRange(before - await xfs.FreeBytesAsync(), 0, 2_000_000);
    }

    private string Target => Path.Combine(_directory, "new");

    private HeldImage Hold(string name, byte[] bytes, string? directory = null)
    {
        var path = Path.Combine(directory ?? _directory, name);
        File.WriteAllBytes(path, bytes);
        return new HeldImage(name, path, MapOf(bytes));
    }

    private async Task<ReusedBytes> CopyAsync(byte[] image, HeldImage[] held, Func<long, long, bool>? mayWrite = null, string? target = null)
    {
        using (var file = File.OpenHandle(target ?? Target, FileMode.Create, FileAccess.Write))
            RandomAccess.SetLength(file, image.Length);
        return await ChunkCopier.CopyAsync(target ?? Target, MapOf(image), held, mayWrite ?? ((_, _) => true), null, Cancellation);
    }

    private void AssertInPlace(byte[] image, ReusedBytes result, string? target = null)
    {
        var there = File.ReadAllBytes(target ?? Target);
        Assert.Equal(image.Length, there.Length);
        foreach (var stretch in result.Stretches)
        {
            var range = new Range((int)stretch.Offset, (int)(stretch.Offset + stretch.Length));
            Assert.True(image.AsSpan(range).SequenceEqual(there.AsSpan(range)), $"{stretch} differs");
        }
    }

    private static ChunkMap MapOf(byte[] bytes)
    {
        using var builder = new ChunkMapBuilder();
        builder.Append(bytes);
        return builder.Finish();
    }

    private static byte[] Bytes(int seed, int length) => SampleRelease.RandomBytes(seed, length);
}
