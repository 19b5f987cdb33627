using StatelessSwarm.Platform.Errors;
using StatelessSwarm.Platform.Files;

namespace StatelessSwarm.Platform.Tests.Files;

public sealed class FileCallTests
{
    [Fact]
    public void Sync_FileDirectoryAndFileSystem_Succeeds()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["a"], "A");
        Durable.SyncData(directory["a"]);
        Durable.SyncFile(directory["a"]);
        Durable.SyncDirectory(directory.Path);
        Durable.SyncFileSystem(directory.Path);
        using var open = File.OpenHandle(directory["a"], FileMode.Open, FileAccess.ReadWrite);
        Durable.SyncData(open, directory["a"]);
    }

    [Fact]
    public void SyncDirectory_Missing_NamesCallPathAndError()
    {
        var fault = Assert.Throws<PlatformException>(() => Durable.SyncDirectory("/nonexistent"));
        Assert.Equal(("open", "/nonexistent", Errno.ENOENT), (fault.Call, fault.Path, fault.Error));
    }

    [Fact]
    public void Facts_OfFileLinkAndNothing_AreThoseOfTheNameItself()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["file"], new byte[10_000]);
        FileFacts.SetMode(directory["file"], (UnixFileMode)0x9c0); // 4700: a mode the umask would cut
        SymbolicLink.Create("file", directory["link"]);
        var file = FileFacts.Of(directory["file"])!;
        Assert.Equal(10_000, file.Length);
        Assert.InRange(file.AllocatedBytes, 10_000, 64 * 1024);
        Assert.Equal((UnixFileMode)0x9c0, file.Mode);
        Assert.Equal(4, FileFacts.Of(directory["link"])!.Length);
        Assert.Null(FileFacts.Of(directory["nothing"]));
        Assert.Null(FileFacts.Of(directory["file/below"]));
    }

    [Fact]
    public void RealPath_ThroughALink_IsTheTarget()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory["real"]);
        SymbolicLink.Create("real", directory["link"]);
        Assert.Equal(FileFacts.RealPath(directory["real"]), FileFacts.RealPath(directory["link"]));
        Assert.Throws<PlatformException>(() => FileFacts.RealPath(directory["nothing"]));
    }

    [Fact]
    public void SymbolicLink_CreateAndRead_KeepsTheText()
    {
        using var directory = new TemporaryDirectory();
        var text = "../ä/" + new string('x', 4000);
        SymbolicLink.Create(text, directory["link"]);
        Assert.Equal(text, SymbolicLink.Read(directory["link"]));
        Assert.Null(SymbolicLink.Read(directory["nothing"]));
        Assert.Equal(
            Errno.EEXIST,
            Assert.Throws<PlatformException>(() => SymbolicLink.Create("b", directory["link"])).Error
        );
        File.WriteAllText(directory["file"], "");
        Assert.Equal(
            Errno.EINVAL,
            Assert.Throws<PlatformException>(() => SymbolicLink.Read(directory["file"])).Error
        );
    }

    [Fact]
    public void Reserve_ExistingFile_KeepsItsBytesAndTakesBlocks()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["file"], [1, 2, 3]);
        Assert.True(Preallocation.Reserve(directory["file"], 1 << 20));
        var bytes = File.ReadAllBytes(directory["file"]);
        Assert.Equal(1 << 20, bytes.Length);
        Assert.Equal([1, 2, 3, 0], bytes[..4]);
        Assert.True(FileFacts.Of(directory["file"])!.AllocatedBytes >= 1 << 20);
        Preallocation.Reserve(directory["file"], 2);
        Assert.Equal([1, 2], File.ReadAllBytes(directory["file"]));
        Preallocation.Reserve(directory["empty"], 0);
        Assert.Empty(File.ReadAllBytes(directory["empty"]));
    }

    [Fact]
    public void Reserve_MoreThanTheFileSystemHas_IsNoSpace()
    {
        using var small = new MountedTmpfs("size=1m");
        var fault = Assert.Throws<PlatformException>(() => Preallocation.Reserve(small["file"], 2 << 20));
        Assert.True(fault.IsNoSpace);
        Assert.StartsWith($"fallocate {small["file"]}: ENOSPC", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Room_OfATmpfs_IsItsSizeLessWhatIsThere()
    {
        using var small = new MountedTmpfs("size=1m,nr_inodes=100");
        var empty = FileSystemRoom.Of(small.Path);
        Assert.Equal(1 << 20, empty.AvailableBytes);
        Assert.InRange(empty.AvailableInodes!.Value, 90, 100);
        Assert.False(empty.IsReadOnly);
        File.WriteAllBytes(small["file"], new byte[256 * 1024]);
        Assert.Equal(768 * 1024, FileSystemRoom.Of(small.Path).AvailableBytes);
        Assert.Equal(
            Errno.ENOENT,
            Assert.Throws<PlatformException>(() => FileSystemRoom.Of(small["nothing"])).Error
        );
    }
}
