namespace StatelessSwarm.Platform.Mounts;

/// <summary>Flags of mount(2) (linux/mount.h).</summary>
[Flags]
public enum MountFlags
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>MS_RDONLY.</summary>
    ReadOnly = 1,

    /// <summary>MS_NOSUID: set-user-id bits mean nothing.</summary>
    NoSetUserId = 2,

    /// <summary>MS_NODEV: device nodes do not open.</summary>
    NoDevices = 4,

    /// <summary>MS_NOEXEC: nothing may be executed.</summary>
    NoExecution = 8,

    /// <summary>MS_REMOUNT: other flags for what is mounted.</summary>
    Remount = 32,

    /// <summary>MS_BIND: a directory at a second place.</summary>
    Bind = 4096,

    /// <summary>MS_REC: with <see cref="Bind"/>, with all that is mounted below.</summary>
    Recursive = 16384,
}
