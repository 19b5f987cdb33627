using StatelessSwarm.Platform.Mounts;

namespace StatelessSwarm.Platform.Tests.Mounts;

public sealed class MountTableTests
{
    [Fact]
    public void Parse_DocumentedLine_GivesItsFields()
    {
        // The example of proc_pid_mountinfo(5), and a line without optional fields.
        var table = MountTable.Parse(
            """
            36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue
            77 22 7:3 / /a\040b\011c\012d\134e ro,relatime - squashfs /dev/loop3 ro,errors=continue

            """
        );
        Assert.Equal(
            [
                new MountEntry("/mnt2", "ext3", "/dev/root", "rw,errors=continue", false),
                new MountEntry("/a b\tc\nd\\e", "squashfs", "/dev/loop3", "ro,errors=continue", true),
            ],
            table
        );
    }

    [Theory]
    [InlineData("36 35 98:0 /mnt1 /mnt2")]
    [InlineData("36 35 98:0 /mnt1 /mnt2 rw - ext3 /dev/root")]
    [InlineData("36 35 98:0 /mnt1 /mnt2 rw ext3 /dev/root rw")]
    [InlineData("-")]
    public void Parse_OtherShape_NamesTheLine(string line)
    {
        var fault = Assert.Throws<FormatException>(() => MountTable.Parse($"1 2 3:4 / / rw - t s rw\n{line}\n"));
        Assert.Contains("line 2", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ThisProcess_KnowsProc() =>
        Assert.Contains(MountTable.Read(), entry => entry is { MountPoint: "/proc", Type: "proc" });

    [Fact]
    public void Mount_ThenUnmount_ShowsInTheTable()
    {
        RootRights.Require();
        using var directory = new TemporaryDirectory();
        var point = Directory.CreateDirectory(directory["a b"]).FullName;
        FileSystemMount.Mount("name", point, "tmpfs", MountFlags.ReadOnly | MountFlags.NoExecution, "size=64k");
        var entry = Assert.Single(MountTable.Read(), entry => entry.MountPoint == point);
        Assert.Equal(("tmpfs", "name", true), (entry.Type, entry.Source, entry.IsReadOnly));
        Assert.Throws<IOException>(() => File.WriteAllText(Path.Combine(point, "file"), "x"));
        FileSystemMount.Unmount(point, isLazy: false);
        Assert.DoesNotContain(MountTable.Read(), entry => entry.MountPoint == point);
    }

    [Fact]
    public void Mount_UnknownType_NamesTypePathAndError()
    {
        RootRights.Require();
        using var directory = new TemporaryDirectory();
        var fault = Assert.Throws<Errors.PlatformException>(
            () => FileSystemMount.Mount("none", directory.Path, "nosuchfs", MountFlags.None)
        );
        Assert.StartsWith($"mount(nosuchfs, none) {directory.Path}: ENODEV", fault.Message, StringComparison.Ordinal);
        fault = Assert.Throws<Errors.PlatformException>(() => FileSystemMount.Unmount(directory.Path, isLazy: true));
        Assert.Equal(Errors.Errno.EINVAL, fault.Error);
    }
}
