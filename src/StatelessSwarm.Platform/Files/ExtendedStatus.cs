using System.Runtime.InteropServices;

namespace StatelessSwarm.Platform.Files;

/// <summary>struct statx (linux/stat.h), 256 bytes, one layout on every architecture; the fields this project reads.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct ExtendedStatus
{
    [FieldOffset(20)]
    internal uint UserId;

    [FieldOffset(24)]
    internal uint GroupId;

    [FieldOffset(28)]
    internal ushort Mode;

    [FieldOffset(40)]
    internal ulong Length;

    /// <summary>In units of 512 bytes, whatever the file system's block size.</summary>
    [FieldOffset(48)]
    internal ulong Blocks;
}
