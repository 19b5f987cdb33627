using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;
using MessagePack;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Packing;

/// <summary>
/// Reads a strict subset of MessagePack in which every value has exactly one encoding, so that what was signed or hashed
/// cannot be said in two ways: maps with ascending integer keys (0 to 2^31-1), arrays, integers, booleans, strings of valid
/// UTF-8 and binaries, each in its shortest form. Nil, floats, extensions, unknown keys and trailing bytes are refused. Maps and
/// arrays nest at most <see cref="MaxDepth"/> deep; every count and length is bounded by the caller and by the input.
/// <para>Fields are read in ascending key order: <see cref="ReadKey"/> for one that must be there, <see cref="TryReadKey"/>
/// for one that may; <see cref="EndMap"/> refuses what is left. The input is borrowed, and kept by what <c>Memory</c>
/// methods return.</para>
/// </summary>
public ref struct PackReader
{
    /// <summary>Maps and arrays inside one another.</summary>
    public const int MaxDepth = 8;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly string _input;
    private MessagePackReader _reader;
    private Frames _frames;
    private int _depth;

    /// <summary>A reader at the start of an input.</summary>
    /// <param name="bytes">The whole input.</param>
    /// <param name="input">What it is, for messages: <c>manifest</c>.</param>
    /// <param name="maxBytes">Longest input accepted.</param>
    /// <exception cref="ContentException">The input is longer.</exception>
    public PackReader(ReadOnlyMemory<byte> bytes, string input, int maxBytes)
    {
        _bytes = bytes;
        _input = input;
        _reader = new MessagePackReader(bytes);
        if (bytes.Length > maxBytes)
            throw Bad("size", $"at most {maxBytes} bytes");
    }

    /// <summary>Bytes read so far.</summary>
    public readonly int Position => (int)_reader.Consumed;

    /// <summary>True when the whole input is read.</summary>
    public readonly bool IsAtEnd => _reader.End;

    /// <summary>Begins a map.</summary>
    /// <param name="field">The field's name, for messages, as in every method here.</param>
    /// <param name="maxFields">Most entries accepted.</param>
    public void BeginMap(string field, int maxFields = 64)
    {
        Expect(MessagePackType.Map, field, "a map");
        var start = Position;
        int count;
        try
        {
            count = _reader.ReadMapHeader();
        }
        catch (Exception exception) when (IsMalformed(exception))
        {
            throw Bad(field, "a map", exception);
        }
        CheckShortest(field, start, HeaderLength(count));
        if (count > maxFields)
            throw Bad(field, $"at most {maxFields} entries");
        Push(field, count);
    }

    /// <summary>Begins an array and says how many items follow; end it with <see cref="EndArray"/>.</summary>
    /// <param name="field">The field's name.</param>
    /// <param name="maxItems">Most items accepted.</param>
    public int BeginArray(string field, int maxItems)
    {
        Expect(MessagePackType.Array, field, "an array");
        var start = Position;
        int count;
        try
        {
            count = _reader.ReadArrayHeader();
        }
        catch (Exception exception) when (IsMalformed(exception))
        {
            throw Bad(field, "an array", exception);
        }
        CheckShortest(field, start, HeaderLength(count));
        if (count > maxItems)
            throw Bad(field, $"at most {maxItems} items");
        Push(field, count);
        return count;
    }

    /// <summary>Reads the key of a field that must come now.</summary>
    public void ReadKey(int key, string field)
    {
        if (!TryReadKey(key, field))
            throw Bad(field, $"key {key}");
    }

    /// <summary>Reads the key of a field if it is the next one; false if another one or the map's end is.</summary>
    public bool TryReadKey(int key, string field)
    {
        ref var frame = ref Top();
        if (frame.Left == 0)
            return false;
        var before = _reader;
        var found = ReadAnyKey(field, ref frame);
        if (found != key)
        {
            _reader = before;
            return false;
        }
        frame.LastKey = found;
        frame.Left--;
        return true;
    }

    /// <summary>Ends a map.</summary>
    /// <exception cref="ContentException">It holds a key that was not asked for.</exception>
    public void EndMap(string field)
    {
        if (Top().Left != 0)
            throw Bad(field, $"no further key after {Top().LastKey}");
        _depth--;
    }

    /// <summary>Ends an array; the caller has read all its items.</summary>
    public void EndArray() => _depth--;

    /// <summary>Reads an integer from <paramref name="min"/> to <paramref name="max"/>.</summary>
    public long ReadInteger(string field, long min, long max)
    {
        Expect(MessagePackType.Integer, field, "an integer");
        var start = Position;
        long value;
        try
        {
            value = _reader.ReadInt64();
        }
        catch (Exception exception) when (IsMalformed(exception))
        {
            throw Bad(field, "an integer of 64 bits", exception);
        }
        CheckShortest(field, start, MessagePackWriter.GetEncodedLength(value));
        // The signed forms d0-d3 of a number that is not negative are as long as the unsigned ones, and no second way to say it.
        if (value >= 0 && _bytes.Span[start] is >= 0xD0 and <= 0xD3)
            throw Bad(field, "the shortest form");
        return value >= min && value <= max ? value : throw Bad(field, $"an integer from {min} to {max}");
    }

    /// <summary>Reads a boolean.</summary>
    public bool ReadBoolean(string field)
    {
        Expect(MessagePackType.Boolean, field, "a boolean");
        return _reader.ReadBoolean();
    }

    /// <summary>Reads a string of at most <paramref name="maxBytes"/> bytes of UTF-8.</summary>
    public string ReadText(string field, int maxBytes)
    {
        Expect(MessagePackType.String, field, "a string");
        var start = Position;
        var bytes = ReadSequence(field, isText: true);
        CheckShortest(field, start, bytes.Length + (bytes.Length < 32 ? 1 : bytes.Length < 256 ? 2 : bytes.Length < 65536 ? 3 : 5));
        if (bytes.Length > maxBytes)
            throw Bad(field, $"at most {maxBytes} bytes");
        try
        {
            return Utf8.GetString(bytes.Span);
        }
        catch (DecoderFallbackException exception)
        {
            throw Bad(field, "valid UTF-8", exception);
        }
    }

    /// <summary>Reads a binary of <paramref name="minBytes"/> to <paramref name="maxBytes"/> bytes, in place.</summary>
    public ReadOnlyMemory<byte> ReadBinary(string field, int minBytes, int maxBytes)
    {
        Expect(MessagePackType.Binary, field, "a binary");
        var start = Position;
        var bytes = ReadSequence(field, isText: false);
        CheckShortest(field, start, bytes.Length + (bytes.Length < 256 ? 2 : bytes.Length < 65536 ? 3 : 5));
        if (bytes.Length < minBytes || bytes.Length > maxBytes)
            throw Bad(field, minBytes == maxBytes ? $"{minBytes} bytes" : $"{minBytes} to {maxBytes} bytes");
        return bytes;
    }

    /// <summary>Reads a digest: a binary of 32 bytes.</summary>
    public Sha256Digest ReadDigest(string field) =>
        new(ReadBinary(field, Sha256Digest.Size, Sha256Digest.Size).Span);

    /// <summary>Reads any one value of the subset and returns its exact bytes, in place.</summary>
    public ReadOnlyMemory<byte> SkipValue(string field)
    {
        var start = Position;
        switch (NextType(field))
        {
            case MessagePackType.Integer:
                ReadInteger(field, long.MinValue, long.MaxValue);
                break;
            case MessagePackType.Boolean:
                ReadBoolean(field);
                break;
            case MessagePackType.String:
                ReadText(field, int.MaxValue);
                break;
            case MessagePackType.Binary:
                ReadBinary(field, 0, int.MaxValue);
                break;
            case MessagePackType.Array:
                for (var left = BeginArray(field, int.MaxValue); left > 0; left--)
                    SkipValue(field);
                EndArray();
                break;
            case MessagePackType.Map:
                BeginMap(field, int.MaxValue);
                while (Top().Left > 0)
                {
                    ref var frame = ref Top();
                    frame.LastKey = ReadAnyKey(field, ref frame);
                    frame.Left--;
                    SkipValue(field);
                }
                EndMap(field);
                break;
            default:
                throw Bad(field, "a map, array, integer, boolean, string or binary");
        }
        return _bytes[start..Position];
    }

    /// <summary>Ends the input.</summary>
    /// <exception cref="ContentException">Bytes are left.</exception>
    public readonly void Finish()
    {
        if (!_reader.End)
            throw Bad("end", "no further bytes");
    }

    /// <summary>A fault at the current place.</summary>
    public readonly ContentException Bad(string field, string expected, Exception? inner = null)
    {
        var message = $"{_input}: {field} (byte {Position}): expected {expected}";
        return inner is null ? new ContentException(message) : new ContentException(message, inner);
    }

    private static int HeaderLength(int count) => count < 16 ? 1 : count < 65536 ? 3 : 5;

    private static bool IsMalformed(Exception exception) =>
        exception is MessagePackSerializationException or EndOfStreamException or OverflowException;

    private int ReadAnyKey(string field, ref Frame frame)
    {
        var key = (int)ReadInteger(field, 0, int.MaxValue);
        return key > frame.LastKey ? key : throw Bad(field, $"a key above {frame.LastKey}");
    }

    private ReadOnlyMemory<byte> ReadSequence(string field, bool isText)
    {
        ReadOnlySequence<byte>? sequence;
        try
        {
            sequence = isText ? _reader.ReadStringSequence() : _reader.ReadBytes();
        }
        catch (Exception exception) when (IsMalformed(exception))
        {
            throw Bad(field, isText ? "a whole string" : "a whole binary", exception);
        }
        var length = (int)(sequence?.Length ?? 0);
        return _bytes.Slice(Position - length, length);
    }

    private readonly MessagePackType NextType(string field) =>
        _reader.End ? throw Bad(field, "more bytes, the input ends") : _reader.NextMessagePackType;

    private readonly void Expect(MessagePackType type, string field, string expected)
    {
        if (NextType(field) != type)
            throw Bad(field, expected);
    }

    private readonly void CheckShortest(string field, int start, int shortest)
    {
        if (Position - start != shortest)
            throw Bad(field, "the shortest form");
    }

    private void Push(string field, int count)
    {
        if (_depth == MaxDepth)
            throw Bad(field, $"at most {MaxDepth} maps and arrays inside one another");
        _frames[_depth++] = new Frame { Left = count, LastKey = -1 };
    }

    [UnscopedRef]
    private ref Frame Top() => ref _frames[_depth - 1];

    private struct Frame
    {
        public int Left;
        public int LastKey;
    }

    [InlineArray(MaxDepth)]
    private struct Frames
    {
        private Frame _first;
    }
}
