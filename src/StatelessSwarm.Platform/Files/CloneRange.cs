using System.Runtime.InteropServices;

namespace StatelessSwarm.Platform.Files;

/// <summary><c>struct file_clone_range</c> of linux/fs.h, 32 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CloneRange
{
    /// <summary>Descriptor of the source.</summary>
    public long Source;

    /// <summary>First byte in the source.</summary>
    public ulong SourceOffset;

    /// <summary>Bytes.</summary>
    public ulong Length;

    /// <summary>First byte in the target.</summary>
    public ulong TargetOffset;
}
