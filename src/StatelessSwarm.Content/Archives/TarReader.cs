using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace StatelessSwarm.Content.Archives;

/// <summary>
/// Reads a tar stream from front to back: ustar and pax (POSIX.1-2001), GNU long names and sparse files (old format, and pax 0.0, 0.1 and 1.0),
/// extended attributes of any bytes (<c>SCHILY.xattr.</c>, <c>LIBARCHIVE.xattr.</c>). .NET's own reader takes values of pax records for UTF-8 and
/// so destroys <c>security.capability</c>. What it may meet is bounded: a name has 4096 bytes, a header 1 MiB, a file 100,000 stretches.
/// </summary>
/// <param name="stream">The archive, not compressed. It is not closed.</param>
public sealed class TarReader(Stream stream)
{
    /// <summary>Bytes of a path, as of PATH_MAX.</summary>
    public const int MaxPath = 4096;

    /// <summary>Bytes of a pax header or a GNU long name.</summary>
    public const int MaxHeader = 1 << 20;

    /// <summary>Stretches of a sparse file.</summary>
    public const int MaxStretches = 100_000;

    /// <summary>Extended attributes of an entry.</summary>
    public const int MaxAttributes = 256;

    private const int BlockSize = 512;
    private const string PaxAttribute = "SCHILY.xattr.";
    private const string PaxAccessList = "SCHILY.acl.";
    private const string LibarchiveAttribute = "LIBARCHIVE.xattr.";

    private readonly byte[] _block = new byte[BlockSize];
    private readonly byte[] _skipped = new byte[64 * 1024];
    private readonly Dictionary<string, byte[]> _global = [];
    private long _position;
    private long _dataEnd;
    private long _left;

    /// <summary>The next entry, or null after the last one. What was not read of the entry before is skipped.</summary>
    /// <exception cref="ContentException">It is no tar archive, ends early, or breaks a bound.</exception>
    public TarEntry? Next()
    {
        Dictionary<string, byte[]>? records = null;
        string? longName = null;
        string? longTarget = null;
        while (true)
        {
            Skip(_dataEnd - _position);
            if (!ReadBlock() || IsEmpty(_block))
                return records is null && longName is null ? null : throw Broken("ends after a header that belongs to an entry");
            CheckSum();
            var size = Number(124, 12, "size");
            var type = (char)_block[156];
            switch (type)
            {
                case 'x':
                    records = ReadRecords(size, records);
                    continue;
                case 'g':
                    foreach (var (key, value) in ReadRecords(size, null))
                        _global[key] = value;
                    continue;
                case 'L':
                    longName = ReadLong(size);
                    continue;
                case 'K':
                    longTarget = ReadLong(size);
                    continue;
                case 'V' or 'M' or 'N':
                    // A label, a part of another volume, names of old: nothing of the tree.
                    _dataEnd = _position + Padded(size);
                    continue;
            }
            return Entry(type, size, records ?? [], longName, longTarget);
        }
    }

    /// <summary>Reads what is there of the entry's file, in order, into the buffer; 0 at its end. Of a sparse file the stretches only.</summary>
    public int Read(Span<byte> buffer)
    {
        var wanted = (int)Math.Min(_left, buffer.Length);
        if (wanted == 0)
            return 0;
        var count = stream.Read(buffer[..wanted]);
        if (count == 0)
            throw Broken("ends within a file");
        _position += count;
        _left -= count;
        return count;
    }

    private TarEntry Entry(char type, long size, Dictionary<string, byte[]> records, string? longName, string? longTarget)
    {
        byte[]? Record(string key) => records.GetValueOrDefault(key) ?? _global.GetValueOrDefault(key);
        string? TextOf(string key) => Record(key) is { } value ? Encoding.Latin1.GetString(value) : null;
        long NumberOf(string key, long otherwise) => Record(key) is { } value ? ParseNumber(value, key) : otherwise;

        size = NumberOf("size", size);
        var name = TextOf("path") ?? longName ?? HeaderName();
        var kind = KindOf(type, name);
        var isDevice = kind is TarEntryKind.CharacterDevice or TarEntryKind.BlockDevice;
        var target = TextOf("linkpath") ?? longTarget ?? Text(157, 100);
        // All of the header, before a sparse file's map is read into its place.
        var entry = new TarEntry
        {
            Path = Clean(TextOf("GNU.sparse.name") ?? name),
            Kind = kind,
            Mode = (int)(Number(100, 8, "mode") & 0xFFF),
            Owner = Id(NumberOf("uid", Number(108, 8, "owner")), "owner"),
            Group = Id(NumberOf("gid", Number(116, 8, "group")), "group"),
            TimeStamp = Record("mtime") is { } time ? ParseTime(time) : Number(136, 12, "time"),
            LinkTarget = kind switch
            {
                TarEntryKind.HardLink => Clean(target),
                TarEntryKind.SymbolicLink => Bounded(target),
                _ => "",
            },
            Major = isDevice ? Id(Number(329, 8, "major"), "major") : 0,
            Minor = isDevice ? Id(Number(337, 8, "minor"), "minor") : 0,
            Attributes = AttributesOf(records),
            AccessLists = AccessListsOf(records),
        };
        // Links and directories may say a size; no data follows.
        var stored = kind == TarEntryKind.File ? size : 0;
        var length = stored;
        IReadOnlyList<TarStretch>? stretches = null;
        if (type == 'S')
        {
            length = Number(483, 12, "real size");
            stretches = ReadOldSparse();
        }
        else if (kind == TarEntryKind.File && TextOf("GNU.sparse.major") == "1")
        {
            length = NumberOf("GNU.sparse.realsize", size);
            var before = _position;
            stretches = ReadSparseMap(size);
            stored -= _position - before;
        }
        else if (kind == TarEntryKind.File && (TextOf("GNU.sparse.map") ?? OldMap(records)) is { } map)
        {
            length = NumberOf("GNU.sparse.size", size);
            stretches = ParseMap(map);
        }
        if (length < 0 || stored < 0)
            throw Broken($"size {Math.Min(length, stored)}");
        if (stretches is not null)
            CheckStretches(stretches, stored, length);
        _left = stored;
        _dataEnd = _position + Padded(stored);
        return entry with { Length = length, DataOffset = _position, Stretches = stretches };
    }

    private TarEntryKind KindOf(char type, string name) =>
        type switch
        {
            // Before POSIX a directory was a file whose name ends in a slash.
            '0' or '\0' or '7' or 'S' => type != 'S' && name.EndsWith('/') ? TarEntryKind.Directory : TarEntryKind.File,
            '1' => TarEntryKind.HardLink,
            '2' => TarEntryKind.SymbolicLink,
            '3' => TarEntryKind.CharacterDevice,
            '4' => TarEntryKind.BlockDevice,
            '5' => TarEntryKind.Directory,
            '6' => TarEntryKind.Fifo,
            _ => throw Broken($"{TarEntry.Display(name)}: type '{TarEntry.Display(type.ToString())}' is none that is known"),
        };

    private static List<TarAttribute> AttributesOf(Dictionary<string, byte[]> records)
    {
        var found = new SortedDictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        foreach (var (key, value) in records)
        {
            if (key.StartsWith(LibarchiveAttribute, StringComparison.Ordinal))
                found.TryAdd(Unescape(key[LibarchiveAttribute.Length..]), FromBase64(value, key));
        }
        foreach (var (key, value) in records)
        {
            if (key.StartsWith(PaxAttribute, StringComparison.Ordinal))
                found[key[PaxAttribute.Length..]] = value;
        }
        if (found.Count > MaxAttributes)
            throw new ContentException($"tar: {found.Count} extended attributes at one entry, expected at most {MaxAttributes}");
        return [.. found.Select(entry => new TarAttribute(entry.Key, entry.Value))];
    }

    private static List<TarAttribute> AccessListsOf(Dictionary<string, byte[]> records)
    {
        var found = new List<TarAttribute>();
        foreach (var name in new[] { "access", "default" })
        {
            if (records.GetValueOrDefault(PaxAccessList + name) is { } list)
                found.Add(new TarAttribute(name, list));
        }
        return found;
    }

    private static string Unescape(string name) => name.Contains('%', StringComparison.Ordinal) ? Uri.UnescapeDataString(name) : name;

    private static byte[] FromBase64(byte[] value, string key)
    {
        // libarchive writes no padding.
        var text = Encoding.Latin1.GetString(value).TrimEnd('=');
        text = text.PadRight((text.Length + 3) / 4 * 4, '=');
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var count)
            ? bytes[..count]
            : throw new ContentException($"tar: {TarEntry.Display(key)}: no base64");
    }

    private Dictionary<string, byte[]> ReadRecords(long size, Dictionary<string, byte[]>? into)
    {
        var bytes = ReadWhole(size);
        var records = into ?? [];
        var map = new StringBuilder();
        for (var rest = bytes.AsSpan(); !rest.IsEmpty;)
        {
            var space = rest.IndexOf((byte)' ');
            if (space is < 1 or > 10 || !int.TryParse(rest[..space], NumberStyles.None, CultureInfo.InvariantCulture, out var length))
                throw Broken("a pax record does not begin with its length");
            if (length <= space + 2 || length > rest.Length || rest[length - 1] != '\n')
                throw Broken("a pax record's length is wrong");
            var record = rest[(space + 1)..(length - 1)];
            var equals = record.IndexOf((byte)'=');
            if (equals < 1)
                throw Broken("a pax record has no '='");
            var key = Encoding.Latin1.GetString(record[..equals]);
            var value = record[(equals + 1)..];
            if (key is "GNU.sparse.offset" or "GNU.sparse.numbytes")
                map.Append(map.Length > 0 ? "," : "").Append(Encoding.Latin1.GetString(value));
            else if (value.IsEmpty && !key.StartsWith(PaxAttribute, StringComparison.Ordinal))
                records.Remove(key);
            else
                records[key] = value.ToArray();
            rest = rest[length..];
        }
        if (map.Length > 0)
            records["GNU.sparse.numbytes"] = Encoding.Latin1.GetBytes(map.ToString());
        return records;
    }

    // The 0.0 format: pairs of records, told apart by their order only.
    private static string? OldMap(Dictionary<string, byte[]> records) =>
        records.TryGetValue("GNU.sparse.numbytes", out var map) ? Encoding.Latin1.GetString(map) : null;

    private List<TarStretch> ParseMap(string map)
    {
        var numbers = map.Split(',');
        if (numbers.Length % 2 != 0 || numbers.Length / 2 > MaxStretches)
            throw Broken("a sparse file's map is broken");
        var stretches = new List<TarStretch>(numbers.Length / 2);
        for (var index = 0; index < numbers.Length; index += 2)
            stretches.Add(new TarStretch(Decimal(numbers[index]), Decimal(numbers[index + 1])));
        return stretches;
    }

    private List<TarStretch> ReadSparseMap(long size)
    {
        // Decimal numbers, a line each, padded to whole blocks, before the data.
        var left = size;
        var numbers = new List<long>();
        long? count = null;
        var word = new StringBuilder();
        while (count is null || numbers.Count < 2 * count)
        {
            if (left < BlockSize || !ReadBlock())
                throw Broken("a sparse file's map ends early");
            left -= BlockSize;
            foreach (var letter in _block)
            {
                if (letter != '\n')
                {
                    word.Append((char)letter);
                    continue;
                }
                var number = Decimal(word.ToString());
                word.Clear();
                if (count is not null)
                    numbers.Add(number);
                else if ((count = number) > MaxStretches)
                    throw Broken($"a sparse file has {number} stretches, expected at most {MaxStretches}");
                if (numbers.Count == 2 * count)
                    break;
            }
        }
        return [.. Enumerable.Range(0, (int)count.Value).Select(index => new TarStretch(numbers[2 * index], numbers[2 * index + 1]))];
    }

    private List<TarStretch> ReadOldSparse()
    {
        var stretches = new List<TarStretch>();
        Take(386, 4);
        var isExtended = _block[482] != 0;
        while (isExtended)
        {
            if (!ReadBlock())
                throw Broken("a sparse file's map ends early");
            Take(0, 21);
            isExtended = _block[504] != 0;
        }
        return stretches;

        void Take(int from, int count)
        {
            for (var index = 0; index < count && _block[from + 24 * index + 12] != 0; index++)
            {
                if (stretches.Count == MaxStretches)
                    throw Broken($"a sparse file has more than {MaxStretches} stretches");
                stretches.Add(new TarStretch(Number(from + 24 * index, 12, "stretch"), Number(from + 24 * index + 12, 12, "stretch")));
            }
        }
    }

    private void CheckStretches(IReadOnlyList<TarStretch> stretches, long stored, long length)
    {
        var end = 0L;
        var sum = 0L;
        foreach (var stretch in stretches)
        {
            if (stretch.Offset < end || stretch.Length < 0 || stretch.Offset > length || stretch.Length > length - stretch.Offset)
                throw Broken("a sparse file's map is out of order or beyond its end");
            end = stretch.Offset + stretch.Length;
            sum += stretch.Length;
        }
        if (sum != stored)
            throw Broken($"a sparse file's map has {sum} bytes, its data {stored}");
    }

    private string Clean(string path)
    {
        Bounded(path);
        var parts = new List<string>();
        foreach (var part in path.Split('/'))
        {
            if (part == "..")
                throw Broken($"{TarEntry.Display(path)}: leads out of the tree");
            if (part.Length is 0 || part == ".")
                continue;
            parts.Add(part.Length <= 255 ? part : throw Broken($"{TarEntry.Display(path)}: a name of more than 255 bytes"));
        }
        return string.Join('/', parts);
    }

    private string Bounded(string path) =>
        path.Length > MaxPath ? throw Broken($"a path of {path.Length} bytes, expected at most {MaxPath}")
        : path.Contains('\0', StringComparison.Ordinal) ? throw Broken("a path has a zero byte")
        : path;

    private string HeaderName()
    {
        var isUstar = _block.AsSpan(257, 6).SequenceEqual("ustar\0"u8);
        var prefix = isUstar ? Text(345, 155) : "";
        return prefix.Length > 0 ? $"{prefix}/{Text(0, 100)}" : Text(0, 100);
    }

    private string Text(int offset, int length)
    {
        var field = _block.AsSpan(offset, length);
        var end = field.IndexOf((byte)0);
        return Encoding.Latin1.GetString(end < 0 ? field : field[..end]);
    }

    private string ReadLong(long size)
    {
        var text = Encoding.Latin1.GetString(ReadWhole(size));
        return text.TrimEnd('\0');
    }

    private byte[] ReadWhole(long size)
    {
        if (size is < 0 or > MaxHeader)
            throw Broken($"a header of {size} bytes, expected at most {MaxHeader}");
        _dataEnd = _position + Padded(size);
        _left = size;
        var bytes = new byte[size];
        for (var filled = 0; filled < bytes.Length;)
            filled += Read(bytes.AsSpan(filled));
        return bytes;
    }

    private long Number(int offset, int length, string what)
    {
        var field = _block.AsSpan(offset, length);
        if ((field[0] & 0x80) != 0)
        {
            // Base 256 (GNU, star): the sign is the second bit; more than 63 bits mean nothing here.
            Span<byte> low = stackalloc byte[8];
            var high = field[..Math.Max(0, length - 8)];
            field[Math.Max(0, length - 8)..].CopyTo(low[(8 - Math.Min(8, length))..]);
            if (length <= 8)
                low[8 - length] &= 0x7F;
            else if (high[0] != 0x80 || high[1..].ContainsAnyExcept((byte)0))
                return high.ContainsAnyExcept((byte)0xFF) ? throw Broken($"{what} is too large") : BinaryPrimitives.ReadInt64BigEndian(low);
            var number = BinaryPrimitives.ReadInt64BigEndian(low);
            return number >= 0 ? number : throw Broken($"{what} is too large");
        }
        var value = 0L;
        var text = field.Trim(" \0"u8);
        foreach (var digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'7')
                throw Broken($"{what} is no octal number");
            value = checked(value * 8 + (digit - '0'));
        }
        return value;
    }

    private uint Id(long number, string what) =>
        number is >= 0 and <= uint.MaxValue ? (uint)number : throw Broken($"{what} is {number}, expected 0 to {uint.MaxValue}");

    private long ParseNumber(byte[] value, string key) => Decimal(Encoding.Latin1.GetString(value), key);

    private long Decimal(string text, string what = "a number of a sparse file's map") =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Broken($"{TarEntry.Display(what)} is no decimal number");

    private long ParseTime(byte[] value)
    {
        var text = Encoding.Latin1.GetString(value);
        var point = text.IndexOf('.', StringComparison.Ordinal);
        return long.TryParse(point < 0 ? text : text[..point], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)
            ? seconds
            : throw Broken("mtime is no number");
    }

    private void CheckSum()
    {
        var sum = 0;
        for (var index = 0; index < BlockSize; index++)
            sum += index is >= 148 and < 156 ? ' ' : _block[index];
        var said = _block.AsSpan(148, 8).Trim(" \0"u8);
        var stated = 0;
        foreach (var digit in said)
            stated = digit is >= (byte)'0' and <= (byte)'7' && stated < 1 << 20 ? stated * 8 + (digit - '0') : -1;
        if (said.IsEmpty || stated != sum)
            throw Broken(_position == BlockSize ? "no tar archive: the first header's check sum is wrong" : "a header's check sum is wrong");
    }

    private bool ReadBlock()
    {
        var count = stream.ReadAtLeast(_block, BlockSize, throwOnEndOfStream: false);
        _position += count;
        _dataEnd = _position;
        _left = 0;
        return count == BlockSize || (count == 0 ? false : throw Broken("ends within a header"));
    }

    private void Skip(long count)
    {
        if (count > 0 && stream.CanSeek)
        {
            if (stream.Length - stream.Position < count)
                throw Broken("ends within a file");
            stream.Seek(count, SeekOrigin.Current);
            _position += count;
            return;
        }
        while (count > 0)
        {
            var read = stream.Read(_skipped, 0, (int)Math.Min(count, _skipped.Length));
            if (read == 0)
                throw Broken("ends within a file");
            _position += read;
            count -= read;
        }
    }

    private static bool IsEmpty(ReadOnlySpan<byte> block) => !block.ContainsAnyExcept((byte)0);

    private static long Padded(long size) => size > long.MaxValue - BlockSize ? throw new ContentException("tar: a file is too large") : (size + BlockSize - 1) / BlockSize * BlockSize;

    private ContentException Broken(string what) => new($"tar: {what}, at byte {_position}");
}
