namespace StatelessSwarm.Content.Archives;

/// <summary>What an entry of a tar archive is (POSIX.1-2001, pax; typeflag).</summary>
public enum TarEntryKind
{
    /// <summary>A regular file; sparse ones as well.</summary>
    File,

    /// <summary>Another name of a file.</summary>
    HardLink,

    /// <summary>A symbolic link.</summary>
    SymbolicLink,

    /// <summary>A character device.</summary>
    CharacterDevice,

    /// <summary>A block device.</summary>
    BlockDevice,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A named pipe.</summary>
    Fifo,
}
