using System.Buffers.Binary;
using System.Text;
using StatelessSwarm.Platform.DeviceMapper;
using StatelessSwarm.Platform.Errors;

namespace StatelessSwarm.Platform.Tests.DeviceMapper;

/// <summary>What is sent to device-mapper; that a kernel takes it is shown in guests (testbed/boot), for few hosts have it.</summary>
public sealed class VerityDeviceTests
{
    private static readonly VerityTable Table = new("/dev/loop0", "/dev/loop1", 25, new string('a', 64), "0102");

    [Fact]
    public void Target_OfATable_IsLaidOutAsTheKernelReadsIt()
    {
        var target = VerityDevice.Target(Table);
        var text = $"1 /dev/loop0 /dev/loop1 4096 4096 25 0 sha256 {new string('a', 64)} 0102";
        Assert.Equal(0, target.Length % 8);
        Assert.Equal(0, BinaryPrimitives.ReadInt64LittleEndian(target));
        Assert.Equal(25 * 8, BinaryPrimitives.ReadInt64LittleEndian(target.AsSpan(8)));
        Assert.Equal(target.Length, BinaryPrimitives.ReadInt32LittleEndian(target.AsSpan(20)));
        Assert.Equal("verity", Encoding.ASCII.GetString(target.AsSpan(24, 16)).TrimEnd('\0'));
        Assert.Equal(text, Encoding.ASCII.GetString(target.AsSpan(40)).TrimEnd('\0'));
        Assert.Equal(0, target[40 + text.Length]);
        Assert.EndsWith(" -", (Table with { Salt = "" }).Parameters, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_DevicesThatAreNotThere_FailsAndLeavesNoDevice()
    {
        var fault = Assert.Throws<PlatformException>(() => VerityDevice.Open("ss-test-none", Table with { DataDevice = "/dev/none", HashDevice = "/dev/none" }));
        Assert.Contains("ioctl(DM", fault.Message + (VerityDevice.IsUnsupported(fault) ? " ioctl(DM" : ""), StringComparison.Ordinal);
        Assert.Throws<PlatformException>(() => VerityDevice.Close("ss-test-none"));
    }

    [Fact]
    public void IsUnsupported_MissingControlOrTarget_AndNothingElse()
    {
        Assert.True(VerityDevice.IsUnsupported(new PlatformException("open", "/dev/mapper/control", Errno.ENOENT)));
        Assert.True(VerityDevice.IsUnsupported(new PlatformException("ioctl(DM_TABLE_LOAD)", "root", Errno.EINVAL)));
        Assert.False(VerityDevice.IsUnsupported(new PlatformException("ioctl(DM_TABLE_LOAD)", "root", Errno.EIO)));
        Assert.False(VerityDevice.IsUnsupported(new PlatformException("mount(squashfs, /dev/dm-0)", "/image", Errno.EINVAL)));
    }

    [Fact]
    public void Open_NameThatNoDeviceCanHave_IsRefused()
    {
        var exception = Record.Exception(() => VerityDevice.Open(new string('x', 200), Table));
        Assert.True(exception is ArgumentException or PlatformException { Path: "/dev/mapper/control" });
    }
}
