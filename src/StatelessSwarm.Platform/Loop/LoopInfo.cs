using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace StatelessSwarm.Platform.Loop;

/// <summary>struct loop_info64 (linux/loop.h), 232 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 232)]
internal struct LoopInfo
{
    /// <summary>LO_FLAGS_READ_ONLY.</summary>
    internal const uint ReadOnly = 1;

    /// <summary>LO_FLAGS_AUTOCLEAR: the device lets go of the file when its last user does.</summary>
    internal const uint AutoClear = 4;

    /// <summary>LO_FLAGS_DIRECT_IO: pages are cached once, above the device; ignored where the file cannot.</summary>
    internal const uint DirectIo = 16;

    [FieldOffset(52)]
    internal uint Flags;

    [FieldOffset(56)]
    internal NameBytes FileName;

    /// <summary>lo_file_name: what losetup shows, cut to 63 bytes and a zero.</summary>
    [InlineArray(64)]
    internal struct NameBytes
    {
        private byte _first;
    }
}
