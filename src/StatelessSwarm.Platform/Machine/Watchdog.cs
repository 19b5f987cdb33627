using Microsoft.Win32.SafeHandles;
using StatelessSwarm.Platform.Errors;
using StatelessSwarm.Platform.Files;

namespace StatelessSwarm.Platform.Machine;

/// <summary>
/// A watchdog (Linux Documentation/watchdog/watchdog-api.rst): once open, the machine resets unless <see cref="Feed"/> is called
/// in time. A process that dies leaves it running; only <see cref="Dispose"/> stops it.
/// </summary>
public sealed class Watchdog : IDisposable
{
    private const ulong SetTimeout = 0xC0045706;
    private readonly SafeFileHandle _device;
    private readonly string _path;

    private Watchdog(SafeFileHandle device, string path, TimeSpan timeout)
    {
        _device = device;
        _path = path;
        Timeout = timeout;
    }

    /// <summary>Time until the reset; the device may have rounded what was asked for.</summary>
    public TimeSpan Timeout { get; }

    /// <summary>Opens and starts it.</summary>
    /// <exception cref="PlatformException">ENOENT: there is none; EBUSY: another process has it.</exception>
    public static Watchdog Open(string path, TimeSpan timeout)
    {
        var device = OpenFile.At(path, OpenFlags.ReadWrite);
        var seconds = checked((int)timeout.TotalSeconds);
        if (LibC.Ioctl(device, SetTimeout, ref seconds) != 0)
        {
            var failure = PlatformException.Last("ioctl(WDIOC_SETTIMEOUT)", path);
            _ = LibC.Write(device, "V"u8, 1);
            device.Dispose();
            throw failure;
        }
        return new Watchdog(device, path, TimeSpan.FromSeconds(seconds));
    }

    /// <summary>Begins the time anew.</summary>
    /// <exception cref="PlatformException">It could not; the reset will come.</exception>
    public void Feed()
    {
        if (LibC.Write(_device, "\0"u8, 1) != 1)
            throw PlatformException.Last("write", _path);
    }

    /// <summary>Stops it (the "magic close").</summary>
    public void Dispose()
    {
        if (!_device.IsClosed)
            _ = LibC.Write(_device, "V"u8, 1);
        _device.Dispose();
    }
}
