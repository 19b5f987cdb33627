using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using StatelessSwarm.Platform.Errors;

namespace StatelessSwarm.Platform.Files;

/// <summary>
/// FICLONERANGE (ioctl_ficlonerange(2)): two files share blocks until one of them is written to. XFS with reflink, Btrfs, bcachefs; within one
/// file system.
/// </summary>
public static class Reflink
{
    /// <summary>Offsets and lengths must be multiples of it: 4 KiB, the largest block of the file systems that can do it on x86 and ARM.</summary>
    public const int Alignment = 4096;

    // _IOW(0x94, 13, struct file_clone_range)
    private const ulong FileCloneRange = 0x4020940D;

    /// <summary>Lets a stretch of the target be the source's.</summary>
    /// <param name="source">Open for reading.</param>
    /// <param name="sourceOffset">A multiple of <see cref="Alignment"/>.</param>
    /// <param name="target">Open for writing.</param>
    /// <param name="targetOffset">A multiple of <see cref="Alignment"/>.</param>
    /// <param name="length">A multiple of <see cref="Alignment"/>, at least one.</param>
    /// <returns>False when the file system cannot, or not for these files.</returns>
    /// <exception cref="PlatformException">It should have, and failed: no room for metadata, I/O error.</exception>
    public static bool TryClone(SafeFileHandle source, long sourceOffset, SafeFileHandle target, long targetOffset, long length)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        if (sourceOffset % Alignment != 0 || targetOffset % Alignment != 0 || length % Alignment != 0)
            throw new ArgumentException($"{sourceOffset} to {targetOffset}, {length} bytes: expected multiples of {Alignment}.");
        var isHeld = false;
        source.DangerousAddRef(ref isHeld);
        try
        {
            var range = new CloneRange
            {
                Source = source.DangerousGetHandle(),
                SourceOffset = (ulong)sourceOffset,
                Length = (ulong)length,
                TargetOffset = (ulong)targetOffset,
            };
            int result;
            do
            {
                result = LibC.Ioctl(target, FileCloneRange, ref range);
            } while (result != 0 && Marshal.GetLastPInvokeError() == (int)Errno.EINTR);
            if (result == 0)
                return true;
            var failure = PlatformException.Last("ficlonerange", "target");
            return failure.Error is Errno.EOPNOTSUPP or Errno.ENOTTY or Errno.EXDEV or Errno.EINVAL or Errno.EPERM
                ? false
                : throw failure;
        }
        finally
        {
            if (isHeld)
                source.DangerousRelease();
        }
    }
}
