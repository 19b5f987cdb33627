using StatelessSwarm.Platform.Files;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Roots.Slots;
using StatelessSwarm.Roots.Tests.Support;

namespace StatelessSwarm.Roots.Tests.Releases;

public sealed class FullDiskTests
{
    /// <summary>
    /// Goal: a release that does not fit is refused before a byte is written, and everything stays as it was; with room made,
    /// the same call succeeds. Method: a state directory on a small file system of its own.
    /// </summary>
    [Theory]
    [InlineData("tmpfs")]
    [InlineData("ext4")]
    public async Task Stage_ReleaseBiggerThanTheDisk_IsRefusedAndCurrentStays(string type)
    {
        using var disk =
            type == "tmpfs" ? MountedFileSystem.Tmpfs("size=8m") : await MountedFileSystem.Ext4Async(megabytes: 8);
        var store = ReleaseStore.Open(disk.Path);
        var slots = RootSlots.Open(store);
        var small = SampleRelease.Random(1, imageBlocks: 256);
        slots.SetNext(await small.AddToAsync(store));
        slots.Activate();
        var before = Listing(disk.Path);

        var large = SampleRelease.Random(2, imageBlocks: 2048);
        var fault = Assert.Throws<NoRoomException>(() => large.Stage(store));
        Assert.InRange(fault.NeededBytes, large.Manifest.TotalBytes, large.Manifest.TotalBytes + (1 << 20));
        Assert.InRange(fault.AvailableBytes, 0, 8 << 20);
        Assert.Contains(disk.Path, fault.Message, StringComparison.Ordinal);
        Assert.Equal(before, Listing(disk.Path));
        Assert.Equal(small.Digest, slots.Read().Current);

        var filler = Path.Combine(disk.Path, "filler");
        var fitting = SampleRelease.Random(3, imageBlocks: 768);
        File.WriteAllBytes(filler, new byte[4 << 20]);
        Assert.Throws<NoRoomException>(() => fitting.Stage(store));
        File.Delete(filler);
        await RoomAsync(disk.Path, 4 << 20);
        slots.SetNext(await fitting.AddToAsync(store));
        slots.Activate();
        Assert.Equal(fitting.Digest, StateChecks.Current(disk.Path, small, fitting)!.Digest);
    }

    /// <summary>
    /// Waits until there is room. A program that another test starts holds a deleted file's bytes from its fork to its exec, if the
    /// file was open at the fork.
    /// </summary>
    private static async Task RoomAsync(string path, long bytes)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        while (FileSystemRoom.Of(path).AvailableBytes < bytes)
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
    }

    /// <summary>What is in staging already is not asked for twice: an interrupted download on a nearly full disk goes on.</summary>
    [Fact]
    public void Stage_AgainOnANearlyFullDisk_CountsWhatItHolds()
    {
        using var disk = MountedFileSystem.Tmpfs("size=8m");
        var store = ReleaseStore.Open(disk.Path);
        var sample = SampleRelease.Random(1, imageBlocks: 1600);
        var staged = sample.StageAndFill(store);
        sample.Stage(store);
        Assert.True(sample.IsIn(staged.Directory));
    }

    /// <summary>Room that is there when asked and gone when taken: nothing of the attempt stays.</summary>
    [Fact]
    public void Stage_RoomGoneBetweenAskingAndTaking_LeavesNothing()
    {
        using var disk = MountedFileSystem.Tmpfs("size=8m");
        var filler = Path.Combine(disk.Path, "filler");
        var greedy = new GreedyFileSystem(() => File.WriteAllBytes(filler, new byte[6 << 20]));
        var store = ReleaseStore.Open(disk.Path, greedy, TimeProvider.System);
        var sample = SampleRelease.Random(1, imageBlocks: 1024);
        var fault = Assert.Throws<NoRoomException>(() => sample.Stage(store));
        Assert.InRange(fault.AvailableBytes, 0, 2 << 20);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(disk.Path, "staging")));
    }

    [Fact]
    public void Stage_NoInodesLeft_SaysSo()
    {
        using var disk = MountedFileSystem.Tmpfs("size=8m,nr_inodes=10");
        var store = ReleaseStore.Open(disk.Path);
        var fault = Assert.Throws<IOException>(() => SampleRelease.Random(1).Stage(store));
        Assert.Contains("inodes", fault.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(disk.Path, "staging")));
    }

    private static string[] Listing(string directory) =>
        [.. Directory.EnumerateFileSystemEntries(directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
}
