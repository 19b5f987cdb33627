using System.Text;
using Microsoft.Win32.SafeHandles;
using StatelessSwarm.Platform.Errors;
using StatelessSwarm.Platform.Files;

namespace StatelessSwarm.Platform.Loop;

/// <summary>
/// A read-only loop device over a file (loop(4)). It clears itself: when this object is disposed and nothing has the device
/// mounted or open any more, the kernel detaches the file. So: attach, mount, dispose; the unmount frees the device.
/// </summary>
public sealed class LoopDevice : IDisposable
{
    /// <summary>Others may take the free device between asking and attaching; each loss costs one try.</summary>
    private const int MaxTries = 64;

    private const ulong SetFileDescriptor = 0x4C00;
    private const ulong ClearFileDescriptor = 0x4C01;
    private const ulong SetStatus64 = 0x4C04;
    private const ulong Configure = 0x4C0A;
    private const ulong ControlGetFree = 0x4C82;
    private const string ControlPath = "/dev/loop-control";

    private readonly SafeFileHandle _device;

    private LoopDevice(SafeFileHandle device, string path)
    {
        _device = device;
        Path = path;
    }

    /// <summary>The block device: <c>/dev/loop3</c>.</summary>
    public string Path { get; }

    /// <summary>Attaches a file, read-only, with direct I/O where the file system can.</summary>
    /// <exception cref="PlatformException">No device is attached.</exception>
    public static LoopDevice Attach(string filePath)
    {
        using var file = OpenFile.At(filePath, OpenFlags.ReadOnly);
        using var control = OpenFile.At(ControlPath, OpenFlags.ReadWrite);
        for (var attempt = 1; ; attempt++)
        {
            var number = LibC.Ioctl(control, ControlGetFree, 0);
            if (number < 0)
                throw PlatformException.Last("ioctl(LOOP_CTL_GET_FREE)", ControlPath);
            var path = $"/dev/loop{number}";
            var device = OpenFile.At(path, OpenFlags.ReadOnly);
            var failure = TryAttach(device, file, filePath);
            if (failure is null)
                return new LoopDevice(device, path);
            device.Dispose();
            if (failure.Error is not (Errno.EBUSY or Errno.EINTR or Errno.EAGAIN) || attempt == MaxTries)
                throw failure;
        }
    }

    /// <summary>True when loop devices can be made here by this process.</summary>
    public static bool IsAvailable(out string reason)
    {
        try
        {
            OpenFile.At(ControlPath, OpenFlags.ReadWrite).Dispose();
        }
        catch (PlatformException exception)
        {
            reason = exception.Message;
            return false;
        }
        reason = "";
        return true;
    }

    /// <summary>Closes the device; it detaches when no mount uses it.</summary>
    public void Dispose() => _device.Dispose();

    private static PlatformException? TryAttach(SafeFileHandle device, SafeFileHandle file, string filePath)
    {
        var info = new LoopInfo { Flags = LoopInfo.ReadOnly | LoopInfo.AutoClear | LoopInfo.DirectIo };
        SetName(ref info, filePath);
        var descriptor = (int)file.DangerousGetHandle();
        var config = new LoopConfig { FileDescriptor = (uint)descriptor, Info = info };
        if (LibC.Ioctl(device, Configure, ref config) == 0)
            return null;
        var failure = PlatformException.Last("ioctl(LOOP_CONFIGURE)", filePath);
        // Kernels before 5.8 do not know LOOP_CONFIGURE; some refuse direct I/O on this file instead of going without.
        if (failure.Error is not (Errno.EINVAL or Errno.ENOTTY or Errno.ENOSYS))
            return failure;
        if (LibC.Ioctl(device, SetFileDescriptor, descriptor) != 0)
            return PlatformException.Last("ioctl(LOOP_SET_FD)", filePath);
        info.Flags = LoopInfo.ReadOnly | LoopInfo.AutoClear;
        if (LibC.Ioctl(device, SetStatus64, ref info) == 0)
            return null;
        failure = PlatformException.Last("ioctl(LOOP_SET_STATUS64)", filePath);
        _ = LibC.Ioctl(device, ClearFileDescriptor, 0);
        return failure;
    }

    private static void SetName(ref LoopInfo info, string filePath)
    {
        Span<byte> name = info.FileName;
        Encoding.UTF8.TryGetBytes(System.IO.Path.GetFileName(filePath), name[..^1], out _);
    }
}
