using System.Runtime.InteropServices;
using System.Text;
using StatelessSwarm.Platform.Errors;
using StatelessSwarm.Platform.Files;

namespace StatelessSwarm.Platform.Machine;

/// <summary>kexec_file_load(2) and reboot(LINUX_REBOOT_CMD_KEXEC): another kernel at once, without firmware and boot loader. Need CAP_SYS_BOOT.</summary>
public static class KernelExecution
{
    private const int StartLoaded = 0x45584543;

    // glibc has no wrapper
    private static long LoadCall => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 294 : 320;

    /// <summary>Loads a kernel for <see cref="Start"/>.</summary>
    /// <param name="kernelPath">Kernel, as a boot loader takes it.</param>
    /// <param name="initrdPath">Its initramfs.</param>
    /// <param name="commandLine">Its command line.</param>
    /// <exception cref="PlatformException">Nothing is loaded; EPERM under lockdown for a kernel that is not signed, ENOSYS without kexec.</exception>
    public static void Load(string kernelPath, string initrdPath, string commandLine)
    {
        using var kernel = OpenFile.At(kernelPath, OpenFlags.ReadOnly);
        using var initrd = OpenFile.At(initrdPath, OpenFlags.ReadOnly);
        var line = Encoding.UTF8.GetBytes(commandLine + "\0");
        if (LibC.SystemCall(LoadCall, (int)kernel.DangerousGetHandle(), (int)initrd.DangerousGetHandle(), line.Length, line, 0) != 0)
            throw PlatformException.Last("kexec_file_load", kernelPath);
    }

    /// <summary>Starts what was loaded; what is not on the disks is lost. Returns only by an exception.</summary>
    /// <exception cref="PlatformException">EINVAL: nothing is loaded.</exception>
    public static void Start()
    {
        LibC.Sync();
        if (LibC.Reboot(StartLoaded) != 0)
            throw PlatformException.Last("reboot", "KEXEC");
    }
}
