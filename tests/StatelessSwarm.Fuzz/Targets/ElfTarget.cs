using System.Buffers.Binary;
using StatelessSwarm.Cli.Booting.Initramfs;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary><see cref="ElfFile"/>: the programs that go into an initramfs.</summary>
internal sealed class ElfTarget : FuzzTarget
{
    public override string Name => "elf";

    public override IReadOnlyList<byte[]> Words => [[0x7f, 0x45, 0x4c, 0x46, 2, 1], [2, 0, 0, 0], [3, 0, 0, 0], [5, 0, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0], .. WordsOf("/lib64/ld-linux-x86-64.so.2\0", "libc.so.6\0")];

    public override long MaxAllocated(int length) => 16 * 1024 * 1024 + 4096L * length;

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (ElfFile.TryRead(input) is { } file)
            Require(file.Needed.Count <= 10_000, "libraries are bounded");
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        // one PT_LOAD over everything, PT_INTERP, PT_DYNAMIC with DT_STRTAB, DT_NEEDED, DT_NULL
        var file = new byte[0x200];
        ((ReadOnlySpan<byte>)[0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).CopyTo(file);
        Write(32, 64);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(54), 56);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(56), 3);
        Header(0, 1, 0, 0x200);
        Header(1, 3, 0x180, 0x1c);
        Header(2, 2, 0x140, 0x30);
        Write(0x140, 5);
        Write(0x148, 0x1a0);
        Write(0x150, 1);
        Write(0x158, 1);
        "/lib64/ld-linux-x86-64.so.2\0"u8.CopyTo(file.AsSpan(0x180));
        "\0libc.so.6\0"u8.CopyTo(file.AsSpan(0x1a0));
        yield return ("program", file);

        void Header(int index, uint kind, ulong at, ulong length)
        {
            var place = 64 + 56 * index;
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(place), kind);
            Write(place + 8, at);
            Write(place + 16, at);
            Write(place + 32, length);
            Write(place + 40, length);
        }

        void Write(int place, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(place), value);
    }
}
