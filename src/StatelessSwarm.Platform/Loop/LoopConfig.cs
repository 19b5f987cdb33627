using System.Runtime.InteropServices;

namespace StatelessSwarm.Platform.Loop;

/// <summary>struct loop_config (linux/loop.h, since 5.8), 304 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 304)]
internal struct LoopConfig
{
    [FieldOffset(0)]
    internal uint FileDescriptor;

    /// <summary>0: the kernel's default, 512 bytes.</summary>
    [FieldOffset(4)]
    internal uint BlockSize;

    [FieldOffset(8)]
    internal LoopInfo Info;
}
