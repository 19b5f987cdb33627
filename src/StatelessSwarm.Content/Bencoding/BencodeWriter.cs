using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace StatelessSwarm.Content.Bencoding;

/// <summary>
/// Writes canonical bencode (BEP 3). A call out of order (a value where a key is due, keys not ascending, an end too
/// many) is a bug of the caller and throws <see cref="InvalidOperationException"/>.
/// </summary>
public sealed class BencodeWriter
{
    private readonly IBufferWriter<byte> _target;
    private readonly ArrayBufferWriter<byte>? _own;
    private readonly Stack<Frame> _frames = new();
    private bool _written;

    /// <summary>A writer with a growing buffer of its own; see <see cref="WrittenSpan"/>.</summary>
    public BencodeWriter()
    {
        _own = new ArrayBufferWriter<byte>();
        _target = _own;
    }

    /// <summary>A writer into <paramref name="target"/>.</summary>
    public BencodeWriter(IBufferWriter<byte> target) => _target = target;

    /// <summary>What was written so far, for a writer with its own buffer; valid until the next write.</summary>
    public ReadOnlySpan<byte> WrittenSpan =>
        _own is null ? throw new InvalidOperationException("The bytes went to the caller's buffer.") : _own.WrittenSpan;

    /// <summary>The finished value as a new array, for a writer with its own buffer.</summary>
    public byte[] ToArray() =>
        _frames.Count == 0 && _written
            ? WrittenSpan.ToArray()
            : throw new InvalidOperationException("The bencoded value is not complete.");

    /// <summary>Starts a dictionary.</summary>
    public void StartDictionary() => Start((byte)'d', isDictionary: true);

    /// <summary>Starts a list.</summary>
    public void StartList() => Start((byte)'l', isDictionary: false);

    /// <summary>Ends the innermost list or dictionary.</summary>
    public void End()
    {
        if (_frames.Count == 0 || _frames.Peek().AwaitsValue)
            throw new InvalidOperationException("Nothing to end here.");
        _frames.Pop();
        PutByte((byte)'e');
        AfterValue();
    }

    /// <summary>Writes a dictionary key; the next write is its value.</summary>
    public void WriteKey(ReadOnlySpan<byte> key)
    {
        if (!_frames.TryPeek(out var frame) || !frame.IsDictionary || frame.AwaitsValue)
            throw new InvalidOperationException("No key is due here.");
        if (frame.LastKey is { } last && last.AsSpan().SequenceCompareTo(key) >= 0)
            throw new InvalidOperationException("Dictionary keys must ascend, each once.");
        frame.LastKey = key.ToArray();
        frame.AwaitsValue = true;
        PutString(key);
    }

    /// <summary>Writes an integer.</summary>
    public void WriteInteger(long value)
    {
        BeforeValue();
        var span = _target.GetSpan(22);
        span[0] = (byte)'i';
        Utf8Formatter.TryFormat(value, span[1..], out var digits);
        span[digits + 1] = (byte)'e';
        _target.Advance(digits + 2);
        AfterValue();
    }

    /// <summary>Writes a string of bytes.</summary>
    public void WriteString(ReadOnlySpan<byte> value)
    {
        BeforeValue();
        PutString(value);
        AfterValue();
    }

    /// <summary>Writes a string as UTF-8.</summary>
    public void WriteString(string value) => WriteString(Encoding.UTF8.GetBytes(value));

    /// <summary>Writes a value that is bencoded already; the caller vouches for it.</summary>
    public void WriteRaw(ReadOnlySpan<byte> value)
    {
        BeforeValue();
        _target.Write(value);
        AfterValue();
    }

    /// <summary>Writes a key and an integer.</summary>
    public void WriteEntry(ReadOnlySpan<byte> key, long value)
    {
        WriteKey(key);
        WriteInteger(value);
    }

    /// <summary>Writes a key and a string of bytes.</summary>
    public void WriteEntry(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        WriteKey(key);
        WriteString(value);
    }

    /// <summary>Writes a key and a string as UTF-8.</summary>
    public void WriteEntry(ReadOnlySpan<byte> key, string value)
    {
        WriteKey(key);
        WriteString(value);
    }

    private void Start(byte mark, bool isDictionary)
    {
        BeforeValue();
        if (_frames.Count == BencodeReader.MaxDepth)
            throw new InvalidOperationException($"At most {BencodeReader.MaxDepth} containers inside one another.");
        _frames.Push(new Frame { IsDictionary = isDictionary });
        PutByte(mark);
    }

    private void BeforeValue()
    {
        if (_frames.TryPeek(out var frame) ? frame is { IsDictionary: true, AwaitsValue: false } : _written)
            throw new InvalidOperationException("No value is due here.");
    }

    private void AfterValue()
    {
        if (_frames.TryPeek(out var frame))
            frame.AwaitsValue = false;
        else
            _written = true;
    }

    private void PutByte(byte value)
    {
        _target.GetSpan(1)[0] = value;
        _target.Advance(1);
    }

    private void PutString(ReadOnlySpan<byte> value)
    {
        var span = _target.GetSpan(11);
        Utf8Formatter.TryFormat(value.Length, span, out var digits);
        span[digits] = (byte)':';
        _target.Advance(digits + 1);
        _target.Write(value);
    }

    private sealed class Frame
    {
        public bool IsDictionary { get; init; }

        public bool AwaitsValue { get; set; }

        public byte[]? LastKey { get; set; }
    }
}
