namespace StatelessSwarm.Platform.Errors;

/// <summary>
/// Linux error numbers that callers tell apart or messages name (asm-generic/errno-base.h and errno.h; equal on x86-64 and
/// arm64).
/// </summary>
public enum Errno
{
    /// <summary>No error.</summary>
    None = 0,

    /// <summary>Operation not permitted.</summary>
    EPERM = 1,

    /// <summary>No such file or directory.</summary>
    ENOENT = 2,

    /// <summary>Interrupted by a signal.</summary>
    EINTR = 4,

    /// <summary>Input or output failed.</summary>
    EIO = 5,

    /// <summary>No such device or address.</summary>
    ENXIO = 6,

    /// <summary>Bad file descriptor.</summary>
    EBADF = 9,

    /// <summary>Try again; the same number as EWOULDBLOCK.</summary>
    EAGAIN = 11,

    /// <summary>Out of memory.</summary>
    ENOMEM = 12,

    /// <summary>Permission denied.</summary>
    EACCES = 13,

    /// <summary>A block device is needed.</summary>
    ENOTBLK = 15,

    /// <summary>Device or resource busy.</summary>
    EBUSY = 16,

    /// <summary>It exists already.</summary>
    EEXIST = 17,

    /// <summary>Across file systems.</summary>
    EXDEV = 18,

    /// <summary>No such device, or unknown file system type.</summary>
    ENODEV = 19,

    /// <summary>Not a directory.</summary>
    ENOTDIR = 20,

    /// <summary>Is a directory.</summary>
    EISDIR = 21,

    /// <summary>Invalid argument.</summary>
    EINVAL = 22,

    /// <summary>Too many open files in the system.</summary>
    ENFILE = 23,

    /// <summary>Too many open files in this process.</summary>
    EMFILE = 24,

    /// <summary>Not an ioctl of this device.</summary>
    ENOTTY = 25,

    /// <summary>File too large.</summary>
    EFBIG = 27,

    /// <summary>No space left on the file system.</summary>
    ENOSPC = 28,

    /// <summary>Read-only file system.</summary>
    EROFS = 30,

    /// <summary>A number or a result is out of range.</summary>
    ERANGE = 34,

    /// <summary>Name too long.</summary>
    ENAMETOOLONG = 36,

    /// <summary>Not implemented by this kernel.</summary>
    ENOSYS = 38,

    /// <summary>Directory not empty.</summary>
    ENOTEMPTY = 39,

    /// <summary>Too many symbolic links.</summary>
    ELOOP = 40,

    /// <summary>Structure needs cleaning: a damaged file system.</summary>
    EUCLEAN = 117,

    /// <summary>Not supported here.</summary>
    EOPNOTSUPP = 95,

    /// <summary>Quota exceeded.</summary>
    EDQUOT = 122,
}
