using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;
using StatelessSwarm.Platform.Errors;
using StatelessSwarm.Platform.Files;

namespace StatelessSwarm.Platform.DeviceMapper;

/// <summary>
/// Read-only dm-verity devices, made by the ioctls of linux/dm-ioctl.h (version 4) without a helper program. Every block is
/// checked when it is read: a wrong one is an I/O error. Needs CAP_SYS_ADMIN and the module <c>dm-verity</c>.
/// <code>
/// struct dm_ioctl       312 bytes: version[3] u32 · data_size u32 · data_start u32 · target_count u32 · open_count s32 · flags u32
///                       · event_nr u32 · padding u32 · dev u64 (at 40) · name[128] (at 48) · uuid[129] · data[7]
/// struct dm_target_spec 40 bytes: sector_start u64 · length u64 (sectors of 512) · status s32 · next u32 · target_type[16]
///                       · parameters, zero-terminated, padded to 8
/// </code>
/// </summary>
public static class VerityDevice
{
    private const string ControlPath = "/dev/mapper/control";
    private const int HeaderBytes = 312;
    private const int TargetBytes = 40;
    private const int MaxNameBytes = 127;
    private const uint ReadOnlyFlag = 1;
    private const ulong Create = 3;
    private const ulong Remove = 4;
    private const ulong Resume = 6;
    private const ulong LoadTable = 9;
    private const ulong Request = 0xC138FD00;
    private const int SectorBytes = 512;

    /// <summary>Makes and starts a device.</summary>
    /// <param name="name">Name, 1 to 127 bytes; one device has it at a time.</param>
    /// <param name="table">What it is made of.</param>
    /// <returns>Path of the block device: <c>/dev/dm-0</c>.</returns>
    /// <exception cref="PlatformException">There is no device: ENOENT or ENXIO without device-mapper, EINVAL without dm-verity.</exception>
    public static string Open(string name, VerityTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        using var control = OpenFile.At(ControlPath, OpenFlags.ReadWrite);
        var device = Call(control, Create, name, ReadOnlyFlag, []);
        try
        {
            Call(control, LoadTable, name, ReadOnlyFlag, Target(table));
            Call(control, Resume, name, 0, []);
        }
        catch (PlatformException)
        {
            TryRemove(name);
            throw;
        }
        return $"/dev/dm-{(device & 0xff) | (device >> 12 & 0xfff00)}";
    }

    /// <summary>Removes a device that nobody uses.</summary>
    /// <exception cref="PlatformException">ENXIO: no such device; EBUSY: in use.</exception>
    public static void Close(string name)
    {
        using var control = OpenFile.At(ControlPath, OpenFlags.ReadWrite);
        Call(control, Remove, name, 0, []);
    }

    /// <summary>True for a failure that says: this kernel has no device-mapper, or no dm-verity; not for one of the data.</summary>
    public static bool IsUnsupported(PlatformException fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        return fault.Path == ControlPath || (fault.Call == NameOf(LoadTable) && fault.Error == Errno.EINVAL);
    }

    /// <summary>The request for a table of one target over the whole device.</summary>
    internal static byte[] Target(VerityTable table)
    {
        var parameters = Encoding.ASCII.GetBytes(table.Parameters);
        var target = new byte[(TargetBytes + parameters.Length + 1 + 7) / 8 * 8];
        BinaryPrimitives.WriteInt64LittleEndian(target.AsSpan(8), table.DataBlocks * (VerityTable.BlockBytes / SectorBytes));
        BinaryPrimitives.WriteInt32LittleEndian(target.AsSpan(20), target.Length);
        "verity"u8.CopyTo(target.AsSpan(24));
        parameters.CopyTo(target, TargetBytes);
        return target;
    }

    private static string NameOf(ulong command) =>
        command switch
        {
            Create => "ioctl(DM_DEV_CREATE)",
            Remove => "ioctl(DM_DEV_REMOVE)",
            Resume => "ioctl(DM_DEV_SUSPEND)",
            _ => "ioctl(DM_TABLE_LOAD)",
        };

    private static void TryRemove(string name)
    {
        try
        {
            Close(name);
        }
        catch (PlatformException)
        {
            // The failure that led here is the one to tell.
        }
    }

    private static ulong Call(SafeFileHandle control, ulong command, string name, uint flags, ReadOnlySpan<byte> target)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        if (bytes.Length is 0 or > MaxNameBytes)
            throw new ArgumentException($"a device's name of {bytes.Length} bytes, expected 1 to {MaxNameBytes}", nameof(name));
        var request = new byte[HeaderBytes + target.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(request, 4);
        BinaryPrimitives.WriteInt32LittleEndian(request.AsSpan(12), request.Length);
        BinaryPrimitives.WriteInt32LittleEndian(request.AsSpan(16), HeaderBytes);
        BinaryPrimitives.WriteInt32LittleEndian(request.AsSpan(20), target.Length > 0 ? 1 : 0);
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(28), flags);
        bytes.CopyTo(request, 48);
        target.CopyTo(request.AsSpan(HeaderBytes));
        if (LibC.Ioctl(control, Request | command, request.AsSpan()) != 0)
            throw PlatformException.Last(NameOf(command), name);
        return BinaryPrimitives.ReadUInt64LittleEndian(request.AsSpan(40));
    }
}
