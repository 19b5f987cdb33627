using System.Runtime.CompilerServices;
using StatelessSwarm.Platform.Files;
using StatelessSwarm.Platform.Loop;

namespace StatelessSwarm.Platform.Tests;

public sealed class StructureSizeTests
{
    /// <summary>Sizes of the kernel's and libc's structures, from linux/loop.h, linux/stat.h and sys/statvfs.h.</summary>
    [Fact]
    public void Structures_OnSixtyFourBits_HaveTheKernelsSizes()
    {
        Assert.Equal(232, Unsafe.SizeOf<LoopInfo>());
        Assert.Equal(304, Unsafe.SizeOf<LoopConfig>());
        Assert.Equal(256, Unsafe.SizeOf<ExtendedStatus>());
        Assert.Equal(112, Unsafe.SizeOf<FileSystemStatistics>());
    }
}
