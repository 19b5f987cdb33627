using System.Buffers.Binary;
using StatelessSwarm.Roots.Booting;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary><see cref="KernelImage"/>: a version is short, or there is none.</summary>
internal sealed class KernelImageTarget : FuzzTarget
{
    public override string Name => "kernel-image";

    public override IReadOnlyList<byte[]> Words => WordsOf("HdrS", "6.1.0-18-amd64 (debian) #1 SMP\0", "\0");

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (KernelImage.ReadVersion(input) is { } version)
            Require(version.Length <= 512, "a version is short");
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        var head = new byte[0x300];
        "HdrS"u8.CopyTo(head.AsSpan(0x202));
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(0x20e), 0x40);
        "6.1.0 (builder) #1 SMP\0"u8.CopyTo(head.AsSpan(0x240));
        yield return ("header", head);
    }
}
