using StatelessSwarm.Platform.Errors;
using StatelessSwarm.Platform.Files;

namespace StatelessSwarm.Platform.Machine;

/// <summary>reboot(2) and chroot(2). Need CAP_SYS_BOOT and CAP_SYS_CHROOT.</summary>
public static class MachineControl
{
    private const int Restart = 0x01234567;

    /// <summary>Writes what is cached to the disks and restarts the machine at once; no program is asked.</summary>
    /// <exception cref="PlatformException">It goes on running.</exception>
    public static void Reboot()
    {
        LibC.Sync();
        if (LibC.Reboot(Restart) != 0)
            throw PlatformException.Last("reboot", "RESTART");
    }

    /// <summary>Makes a directory this process's root and working directory.</summary>
    /// <exception cref="PlatformException">The root is as it was.</exception>
    public static void ChangeRoot(string path)
    {
        if (LibC.ChangeRoot(path) != 0)
            throw PlatformException.Last("chroot", path);
        Environment.CurrentDirectory = "/";
    }

    /// <summary>Leaves the terminal: a session of its own, and nothing to read from or write to.</summary>
    /// <exception cref="PlatformException">/dev/null cannot be used.</exception>
    public static void LeaveTerminal()
    {
        const string path = "/dev/null";
        // it fails for the leader of a process group, who has nothing to leave
        _ = LibC.SetSession();
        using var nothing = OpenFile.At(path, OpenFlags.ReadWrite);
        for (var descriptor = 0; descriptor <= 2; descriptor++)
        {
            if (LibC.Duplicate(nothing, descriptor) < 0)
                throw PlatformException.Last("dup2", path);
        }
    }
}
