using System.Buffers;
using System.Globalization;
using System.Text;

namespace StatelessSwarm.Content.Archives;

/// <summary>
/// Writes a tar stream of one form: ustar headers, and pax records (POSIX.1-2001) for what does not fit there, in the order of their keys.
/// Equal entries in equal order are equal bytes. Sparse files are written as such (GNU's pax format 1.0).
/// </summary>
/// <param name="stream">Where to. It is not closed.</param>
public sealed class TarWriter(Stream stream)
{
    private const int BlockSize = 512;
    private const long MaxOctal7 = (1 << 21) - 1;
    private const long MaxOctal11 = (1L << 33) - 1;

    private static readonly byte[] _zeros = new byte[2 * BlockSize];

    private long _left;
    private long _stored;

    /// <summary>Begins an entry. Of a file <see cref="TarEntry.Length"/> bytes follow by <see cref="Write"/>, of a sparse one its stretches.</summary>
    public void Begin(TarEntry entry)
    {
        if (_left > 0)
            throw new InvalidOperationException($"{_left} bytes of the file before are missing.");
        var path = NameOf(entry);
        var map = MapOf(entry);
        var records = RecordsOf(entry, path);
        if (records.Length > 0)
        {
            WriteHeader(entry with { Length = records.Length, Kind = TarEntryKind.File, Mode = 0x1A4, Owner = 0, Group = 0 }, "pax", 'x', "");
            stream.Write(records);
            Pad(records.Length);
        }
        var data = entry.Kind != TarEntryKind.File ? 0 : entry.Stretches?.Sum(static stretch => stretch.Length) ?? entry.Length;
        _stored = map.Length + data;
        WriteHeader(entry with { Length = _stored }, path, TypeOf(entry.Kind), entry.LinkTarget);
        stream.Write(map);
        _left = data;
    }

    /// <summary>A part of the file.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, _left);
        stream.Write(bytes);
        _left -= bytes.Length;
    }

    /// <summary>The entry is whole.</summary>
    public void End()
    {
        if (_left > 0)
            throw new InvalidOperationException($"{_left} bytes of the file are missing.");
        Pad(_stored);
        _stored = 0;
    }

    /// <summary>The end of the archive.</summary>
    public void Finish() => stream.Write(_zeros.AsSpan(0, 2 * BlockSize));

    private static string NameOf(TarEntry entry) =>
        (entry.Path.Length == 0 ? "." : entry.Path) + (entry.Kind == TarEntryKind.Directory ? "/" : "");

    // Decimal numbers, a line each, padded to whole blocks: how many stretches, then place and length of each.
    private static byte[] MapOf(TarEntry entry)
    {
        if (entry is not { Kind: TarEntryKind.File, Stretches: { } stretches })
            return [];
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{stretches.Count}\n");
        foreach (var stretch in stretches)
            text.Append(CultureInfo.InvariantCulture, $"{stretch.Offset}\n{stretch.Length}\n");
        var map = new byte[(text.Length + BlockSize - 1) / BlockSize * BlockSize];
        Encoding.Latin1.GetBytes(text.ToString(), map);
        return map;
    }

    private static byte[] RecordsOf(TarEntry entry, string path)
    {
        var records = new SortedDictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        foreach (var attribute in entry.Attributes)
            records["SCHILY.xattr." + attribute.Name] = attribute.Value;
        foreach (var list in entry.AccessLists)
            records["SCHILY.acl." + list.Name] = list.Value;
        if (path.Length > 100)
            records["path"] = Encoding.Latin1.GetBytes(path);
        if (entry.LinkTarget.Length > 100)
            records["linkpath"] = Encoding.Latin1.GetBytes(entry.LinkTarget);
        if (entry is { Kind: TarEntryKind.File, Stretches: not null })
        {
            records["GNU.sparse.major"] = Decimal(1);
            records["GNU.sparse.minor"] = Decimal(0);
            records["GNU.sparse.name"] = Encoding.Latin1.GetBytes(path);
            records["GNU.sparse.realsize"] = Decimal(entry.Length);
        }
        if (entry.Length > MaxOctal11)
            records["size"] = Decimal(entry.Stretches is null ? entry.Length : MapOf(entry).Length + entry.Stretches.Sum(static stretch => stretch.Length));
        if (entry.Owner > MaxOctal7)
            records["uid"] = Decimal(entry.Owner);
        if (entry.Group > MaxOctal7)
            records["gid"] = Decimal(entry.Group);
        var buffer = new ArrayBufferWriter<byte>();
        foreach (var (key, value) in records)
        {
            var name = Encoding.Latin1.GetBytes(key);
            // A record's length counts its own digits.
            var rest = name.Length + value.Length + 3;
            var length = rest + Digits(rest);
            if (Digits(length) != Digits(rest))
                length = rest + Digits(length);
            buffer.Write(Decimal(length));
            buffer.Write(" "u8);
            buffer.Write(name);
            buffer.Write("="u8);
            buffer.Write(value.Span);
            buffer.Write("\n"u8);
        }
        return buffer.WrittenSpan.ToArray();
    }

    private static int Digits(long number) => number.ToString(CultureInfo.InvariantCulture).Length;

    private static byte[] Decimal(long number) => Encoding.Latin1.GetBytes(number.ToString(CultureInfo.InvariantCulture));

    private static char TypeOf(TarEntryKind kind) =>
        kind switch
        {
            TarEntryKind.File => '0',
            TarEntryKind.HardLink => '1',
            TarEntryKind.SymbolicLink => '2',
            TarEntryKind.CharacterDevice => '3',
            TarEntryKind.BlockDevice => '4',
            TarEntryKind.Directory => '5',
            TarEntryKind.Fifo => '6',
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        };

    private void WriteHeader(TarEntry entry, string path, char type, string target)
    {
        Span<byte> block = stackalloc byte[BlockSize];
        block.Clear();
        Put(block, path, 0, 100);
        Octal(block, entry.Mode, 100, 8);
        Octal(block, entry.Owner > MaxOctal7 ? 0 : entry.Owner, 108, 8);
        Octal(block, entry.Group > MaxOctal7 ? 0 : entry.Group, 116, 8);
        Octal(block, entry.Kind != TarEntryKind.File || entry.Length > MaxOctal11 ? 0 : entry.Length, 124, 12);
        Octal(block, Math.Clamp(entry.TimeStamp, 0, MaxOctal11), 136, 12);
        block[156] = (byte)type;
        Put(block, target, 157, 100);
        "ustar\000"u8.CopyTo(block[257..]);
        Octal(block, entry.Major, 329, 8);
        Octal(block, entry.Minor, 337, 8);
        block.Slice(148, 8).Fill((byte)' ');
        var sum = 0;
        foreach (var part in block)
            sum += part;
        Octal(block, sum, 148, 7);
        stream.Write(block);
    }

    private static void Put(Span<byte> block, string text, int offset, int length) =>
        Encoding.Latin1.GetBytes(text.AsSpan(0, Math.Min(text.Length, length)), block.Slice(offset, length));

    private static void Octal(Span<byte> block, long value, int offset, int length)
    {
        for (var digit = offset + length - 2; digit >= offset; digit--, value >>= 3)
            block[digit] = (byte)('0' + (value & 7));
        block[offset + length - 1] = 0;
    }

    private void Pad(long length)
    {
        var over = (int)(length % BlockSize);
        if (over > 0)
            stream.Write(_zeros.AsSpan(0, BlockSize - over));
    }
}
