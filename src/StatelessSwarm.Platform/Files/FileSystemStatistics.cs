using System.Runtime.InteropServices;

namespace StatelessSwarm.Platform.Files;

/// <summary>struct statvfs of 64-bit glibc and musl: eleven 8-byte fields, then 24 bytes of reserve.</summary>
[StructLayout(LayoutKind.Sequential, Size = 112)]
internal struct FileSystemStatistics
{
    internal ulong BlockSize;
    internal ulong FragmentSize;
    internal ulong Blocks;
    internal ulong FreeBlocks;
    internal ulong AvailableBlocks;
    internal ulong Inodes;
    internal ulong FreeInodes;
    internal ulong AvailableInodes;
    internal ulong Id;
    internal ulong Flags;
    internal ulong MaxNameLength;
}
