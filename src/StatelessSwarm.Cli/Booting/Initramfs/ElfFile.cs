using System.Buffers.Binary;
using System.Text;

namespace StatelessSwarm.Cli.Booting.Initramfs;

/// <summary>
/// What a 64-bit little-endian ELF file needs to be loaded (System V ABI, gABI 4.1, chapters 4 and 5): its interpreter
/// (PT_INTERP) and the libraries of its dynamic section (DT_NEEDED).
/// </summary>
/// <param name="Interpreter">Path of the dynamic loader, or null for a static program or a library.</param>
/// <param name="Needed">Names of libraries: <c>libc.so.6</c>.</param>
internal sealed record ElfFile(string? Interpreter, IReadOnlyList<string> Needed)
{
    private const int HeaderBytes = 64;
    private const int ProgramHeaderBytes = 56;
    private const int LoadSegment = 1;
    private const int DynamicSegment = 2;
    private const int InterpreterSegment = 3;
    private const int MaxEntries = 10_000;

    /// <summary>Reads a file; null when it is none.</summary>
    public static ElfFile? TryRead(ReadOnlySpan<byte> file)
    {
        if (file.Length < HeaderBytes || !file.StartsWith("\u007fELF"u8) || file[4] != 2 || file[5] != 1)
            return null;
        try
        {
            return Read(file);
        }
        catch (Exception fault) when (fault is ArgumentOutOfRangeException or OverflowException or InvalidOperationException)
        {
            return null;
        }
    }

    private static ElfFile Read(ReadOnlySpan<byte> file)
    {
        var table = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(file[32..]));
        int count = BinaryPrimitives.ReadUInt16LittleEndian(file[56..]);
        string? interpreter = null;
        ReadOnlySpan<byte> dynamic = [];
        var loads = new List<(ulong Address, ulong Offset, ulong Bytes)>();
        for (var index = 0; index < count; index++)
        {
            var header = file.Slice(table + (index * ProgramHeaderBytes), ProgramHeaderBytes);
            var offset = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
            var bytes = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
            switch (BinaryPrimitives.ReadInt32LittleEndian(header))
            {
                case LoadSegment:
                    loads.Add((BinaryPrimitives.ReadUInt64LittleEndian(header[16..]), offset, bytes));
                    break;
                case DynamicSegment:
                    dynamic = file.Slice(checked((int)offset), checked((int)bytes));
                    break;
                case InterpreterSegment:
                    interpreter = Text(file, offset);
                    break;
                default:
                    break;
            }
        }
        return new ElfFile(interpreter, Libraries(file, dynamic, loads));
    }

    private static List<string> Libraries(ReadOnlySpan<byte> file, ReadOnlySpan<byte> dynamic, List<(ulong Address, ulong Offset, ulong Bytes)> loads)
    {
        const long needed = 1;
        const long strings = 5;
        var names = new List<ulong>();
        ulong? table = null;
        for (var at = 0; at + 16 <= dynamic.Length && names.Count < MaxEntries; at += 16)
        {
            var tag = BinaryPrimitives.ReadInt64LittleEndian(dynamic[at..]);
            var value = BinaryPrimitives.ReadUInt64LittleEndian(dynamic[(at + 8)..]);
            if (tag == 0)
                break;
            if (tag == needed)
                names.Add(value);
            else if (tag == strings)
                table = value;
        }
        if (table is not { } address)
            return [];
        // throws when the table lies in no segment
        var load = loads.First(load => address >= load.Address && address - load.Address < load.Bytes);
        var offset = load.Offset + (address - load.Address);
        var libraries = new List<string>();
        foreach (var name in names)
            libraries.Add(Text(file, offset + name));
        return libraries;
    }

    private static string Text(ReadOnlySpan<byte> file, ulong offset)
    {
        var text = file[checked((int)offset)..];
        var end = text[..Math.Min(4096, text.Length)].IndexOf((byte)0);
        return Encoding.UTF8.GetString(text[..Math.Max(0, end)]);
    }
}
