using System.Buffers.Text;

namespace StatelessSwarm.Content.Bencoding;

/// <summary>
/// A checked bencoded value in place: a view of the input, which it keeps alive and which must not change. Lookups walk
/// the bytes; nothing is copied, so <see cref="Raw"/> is exactly what was received (an info hash covers it).
/// </summary>
public readonly struct BencodeValue
{
    // Always one whole value that a BencodeReader accepted, so walking it needs no checks of its own.
    private BencodeValue(ReadOnlyMemory<byte> raw) => Raw = raw;

    /// <summary>The exact bytes of the value.</summary>
    public ReadOnlyMemory<byte> Raw { get; }

    /// <summary>Integer, String, List or Dictionary; None for <c>default</c>.</summary>
    public BencodeKind Kind =>
        Raw.IsEmpty
            ? BencodeKind.None
            : Raw.Span[0] switch
            {
                (byte)'i' => BencodeKind.Integer,
                (byte)'l' => BencodeKind.List,
                (byte)'d' => BencodeKind.Dictionary,
                _ => BencodeKind.String,
            };

    /// <summary>Checks and takes an input that is one value and nothing more.</summary>
    /// <param name="bytes">The input, kept.</param>
    /// <param name="canonical">Demand sorted unique dictionary keys.</param>
    /// <exception cref="ContentException">Names the byte offset and what was expected.</exception>
    public static BencodeValue Parse(ReadOnlyMemory<byte> bytes, bool canonical = false)
    {
        var fault = Check(bytes.Span, canonical, out var offset);
        if (fault != BencodeFault.None)
            throw BencodeReader.Describe(fault, offset);
        if (offset != bytes.Length)
            throw BencodeReader.Describe(BencodeFault.TrailingBytes, offset);
        return new BencodeValue(bytes);
    }

    /// <summary>As <see cref="Parse"/>, without exceptions.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> bytes, out BencodeValue value, bool canonical = false) =>
        TryParsePrefix(bytes, out value, out var consumed, canonical) && consumed == bytes.Length;

    /// <summary>Takes the value at the start of an input that goes on after it (BEP 9 data messages).</summary>
    /// <param name="bytes">The input, kept.</param>
    /// <param name="value">The value.</param>
    /// <param name="consumed">Its length in bytes.</param>
    /// <param name="canonical">Demand sorted unique dictionary keys.</param>
    public static bool TryParsePrefix(
        ReadOnlyMemory<byte> bytes,
        out BencodeValue value,
        out int consumed,
        bool canonical = false
    )
    {
        var fault = Check(bytes.Span, canonical, out consumed);
        value = fault == BencodeFault.None ? new BencodeValue(bytes[..consumed]) : default;
        return fault == BencodeFault.None;
    }

    /// <summary>The integer, if it is one.</summary>
    public bool TryGetInteger(out long value)
    {
        value = 0;
        return Kind == BencodeKind.Integer && Utf8Parser.TryParse(Raw.Span[1..^1], out value, out _);
    }

    /// <summary>The bytes of the string, if it is one.</summary>
    public bool TryGetString(out ReadOnlyMemory<byte> value)
    {
        value = Kind == BencodeKind.String ? Raw[(Raw.Span.IndexOf((byte)':') + 1)..] : default;
        return Kind == BencodeKind.String;
    }

    /// <summary>The value of a dictionary's key (the first one, should it be there twice); false if there is none.</summary>
    public bool TryGet(ReadOnlySpan<byte> key, out BencodeValue value)
    {
        foreach (var entry in EnumerateDictionary())
        {
            if (!entry.Key.Span.SequenceEqual(key))
                continue;
            value = entry.Value;
            return true;
        }
        value = default;
        return false;
    }

    /// <summary>The integer behind a dictionary's key; false if there is none or it is something else.</summary>
    public bool TryGetInteger(ReadOnlySpan<byte> key, out long value)
    {
        value = 0;
        return TryGet(key, out var entry) && entry.TryGetInteger(out value);
    }

    /// <summary>The string behind a dictionary's key; false if there is none or it is something else.</summary>
    public bool TryGetString(ReadOnlySpan<byte> key, out ReadOnlyMemory<byte> value)
    {
        value = default;
        return TryGet(key, out var entry) && entry.TryGetString(out value);
    }

    /// <summary>The items of a list, in order; none if it is something else.</summary>
    public ListEnumerator EnumerateList() => new(Kind == BencodeKind.List ? Raw[1..^1] : default);

    /// <summary>The entries of a dictionary, in the input's order; none if it is something else.</summary>
    public DictionaryEnumerator EnumerateDictionary() => new(Kind == BencodeKind.Dictionary ? Raw[1..^1] : default);

    private static BencodeFault Check(ReadOnlySpan<byte> bytes, bool canonical, out int offset)
    {
        var reader = new BencodeReader(bytes, canonical);
        while (!reader.IsComplete)
        {
            if (!reader.TryRead())
            {
                offset = reader.FaultOffset;
                return reader.Fault;
            }
        }
        offset = reader.Position;
        return BencodeFault.None;
    }

    // Length of the checked value at the start of the bytes.
    private static int ValueLength(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        var depth = 0;
        do
        {
            switch (bytes[at])
            {
                case (byte)'l' or (byte)'d':
                    depth++;
                    at++;
                    break;
                case (byte)'e':
                    depth--;
                    at++;
                    break;
                case (byte)'i':
                    at += bytes[at..].IndexOf((byte)'e') + 1;
                    break;
                default:
                    var length = 0;
                    for (; bytes[at] != ':'; at++)
                        length = length * 10 + (bytes[at] - '0');
                    at += 1 + length;
                    break;
            }
        } while (depth > 0);
        return at;
    }

    /// <summary>Walks the items of a list.</summary>
    public struct ListEnumerator
    {
        private ReadOnlyMemory<byte> _rest;

        internal ListEnumerator(ReadOnlyMemory<byte> items) => _rest = items;

        /// <summary>The item.</summary>
        public BencodeValue Current { get; private set; }

        /// <summary>This, for <c>foreach</c>.</summary>
        public readonly ListEnumerator GetEnumerator() => this;

        /// <summary>Steps to the next item.</summary>
        public bool MoveNext()
        {
            if (_rest.IsEmpty)
                return false;
            var length = ValueLength(_rest.Span);
            Current = new BencodeValue(_rest[..length]);
            _rest = _rest[length..];
            return true;
        }
    }

    /// <summary>Walks the entries of a dictionary.</summary>
    public struct DictionaryEnumerator
    {
        private ListEnumerator _items;

        internal DictionaryEnumerator(ReadOnlyMemory<byte> entries) => _items = new ListEnumerator(entries);

        /// <summary>The entry.</summary>
        public (ReadOnlyMemory<byte> Key, BencodeValue Value) Current { get; private set; }

        /// <summary>This, for <c>foreach</c>.</summary>
        public readonly DictionaryEnumerator GetEnumerator() => this;

        /// <summary>Steps to the next entry.</summary>
        public bool MoveNext()
        {
            if (!_items.MoveNext())
                return false;
            _items.Current.TryGetString(out var key);
            _items.MoveNext();
            Current = (key, _items.Current);
            return true;
        }
    }
}
