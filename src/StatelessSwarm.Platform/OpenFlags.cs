namespace StatelessSwarm.Platform;

/// <summary>Flags of open(2) that are equal on x86-64 and arm64 (O_DIRECTORY and O_NOFOLLOW are not, and are not used).</summary>
internal static class OpenFlags
{
    /// <summary>O_RDONLY.</summary>
    internal const int ReadOnly = 0;

    /// <summary>O_RDWR.</summary>
    internal const int ReadWrite = 2;

    /// <summary>O_CREAT.</summary>
    internal const int Create = 0x40;

    /// <summary>O_CLOEXEC: no child of ours inherits it.</summary>
    internal const int CloseOnExec = 0x80000;
}
