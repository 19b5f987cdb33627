using System.Runtime.CompilerServices;

namespace StatelessSwarm.Content.Bencoding;

/// <summary>
/// Reads one bencoded value (BEP 3) token by token, forward only, without allocation or recursion. Integers and string
/// lengths must be in their one canonical form and fit 64 and 31 bits; containers nest at most <see cref="MaxDepth"/>
/// deep. Canonical reading also demands sorted unique keys, as a hashed info dictionary has them.
/// <para>The reader borrows the input; <see cref="String"/> points into it.</para>
/// </summary>
public ref struct BencodeReader
{
    /// <summary>Containers inside one another; real torrents need 5 plus the directory depth.</summary>
    public const int MaxDepth = 64;

    private readonly ReadOnlySpan<byte> _data;
    private readonly bool _canonical;
    private KeyMarks _keys;

    // Bit n speaks of the container at depth n + 1.
    private ulong _dictionaries;
    private ulong _awaitingValue;

    /// <summary>A reader at the start of <paramref name="data"/>.</summary>
    /// <param name="data">The input; bytes after the value are left alone.</param>
    /// <param name="canonical">Demand sorted unique dictionary keys.</param>
    public BencodeReader(ReadOnlySpan<byte> data, bool canonical = false)
    {
        _data = data;
        _canonical = canonical;
    }

    /// <summary>Kind of the token read last.</summary>
    public BencodeKind Kind { get; private set; }

    /// <summary>True when the token read last is a dictionary key.</summary>
    public bool IsKey { get; private set; }

    /// <summary>Value of an integer token.</summary>
    public long Integer { get; private set; }

    /// <summary>Bytes of a string token or key, inside the input.</summary>
    public ReadOnlySpan<byte> String { get; private set; }

    /// <summary>First byte of the token read last.</summary>
    public int TokenStart { get; private set; }

    /// <summary>First byte not read yet.</summary>
    public int Position { get; private set; }

    /// <summary>Containers open now.</summary>
    public int Depth { get; private set; }

    /// <summary>True once the whole value is read; <see cref="Position"/> is then its length.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>The broken rule, once a Try method said false.</summary>
    public BencodeFault Fault { get; private set; }

    /// <summary>Where the rule was broken, in bytes from the start.</summary>
    public int FaultOffset { get; private set; }

    /// <summary>Reads the next token; false on a fault, which stays.</summary>
    /// <exception cref="InvalidOperationException">The value is complete: ask <see cref="IsComplete"/> first.</exception>
    public bool TryRead()
    {
        if (IsComplete)
            throw new InvalidOperationException("The bencoded value is read to its end.");
        if (Fault != BencodeFault.None)
            return false;
        TokenStart = Position;
        IsKey = false;
        if (Position >= _data.Length)
            return Fail(BencodeFault.Truncated, Position);
        var inDictionary = Depth > 0 && (_dictionaries & Bit(Depth)) != 0;
        var keyDue = inDictionary && (_awaitingValue & Bit(Depth)) == 0;
        var first = _data[Position];
        switch (first)
        {
            case >= (byte)'0' and <= (byte)'9':
                if (!TryReadString())
                    return false;
                if (keyDue)
                    return TryTakeKey();
                break;
            case (byte)'e' when Depth > 0 && (keyDue || !inDictionary):
                Position++;
                Depth--;
                Kind = BencodeKind.End;
                break;
            case not (byte)'e' when keyDue:
                return Fail(BencodeFault.ExpectedKey, Position);
            case (byte)'i':
                if (!TryReadInteger())
                    return false;
                break;
            case (byte)'l' or (byte)'d':
                if (Depth == MaxDepth)
                    return Fail(BencodeFault.TooDeep, Position);
                Position++;
                Depth++;
                Kind = first == 'd' ? BencodeKind.Dictionary : BencodeKind.List;
                _dictionaries = first == 'd' ? _dictionaries | Bit(Depth) : _dictionaries & ~Bit(Depth);
                _awaitingValue &= ~Bit(Depth);
                _keys[Depth - 1] = default;
                return true;
            default:
                return Fail(BencodeFault.ExpectedValue, Position);
        }
        if (Depth == 0)
            IsComplete = true;
        else
            _awaitingValue &= ~Bit(Depth);
        return true;
    }

    /// <summary>
    /// Reads on to the end of the value whose first token was read last (for a key: of the value it names).
    /// </summary>
    public bool TrySkip()
    {
        if (IsKey && !TryRead())
            return false;
        if (Kind is not (BencodeKind.List or BencodeKind.Dictionary))
            return Fault == BencodeFault.None;
        var outer = Depth - 1;
        while (Depth > outer)
        {
            if (!TryRead())
                return false;
        }
        return true;
    }

    /// <summary>Reads the next token.</summary>
    /// <exception cref="ContentException">Names the byte offset and what was expected.</exception>
    public void Read()
    {
        if (!TryRead())
            ThrowFault();
    }

    /// <summary>As <see cref="TrySkip"/>.</summary>
    /// <exception cref="ContentException">Names the byte offset and what was expected.</exception>
    public void Skip()
    {
        if (!TrySkip())
            ThrowFault();
    }

    /// <summary>Throws for the current fault.</summary>
    /// <exception cref="ContentException">Always.</exception>
    public readonly void ThrowFault() => throw Describe(Fault, FaultOffset);

    internal static ContentException Describe(BencodeFault fault, int offset)
    {
        var expected = fault switch
        {
            BencodeFault.Truncated => "expected more bytes, the input ends",
            BencodeFault.ExpectedValue => "expected a value (digit, 'i', 'l' or 'd')",
            BencodeFault.ExpectedKey => "expected a dictionary key (a string) or 'e'",
            BencodeFault.BadInteger => "expected a canonical 64-bit integer",
            BencodeFault.BadLength => "expected a canonical string length and ':'",
            BencodeFault.TooDeep => $"expected at most {MaxDepth} nested containers",
            BencodeFault.KeyOrder => "expected dictionary keys in ascending order, each once",
            BencodeFault.TrailingBytes => "expected the end of the input",
            _ => "no fault",
        };
        return new ContentException($"bencode: byte {offset}: {expected}");
    }

    private static ulong Bit(int depth) => 1UL << (depth - 1);

    private bool TryTakeKey()
    {
        IsKey = true;
        ref var last = ref _keys[Depth - 1];
        // A mark of 0 means no key yet: the first byte of the input can never be a key.
        if (_canonical && last.End != 0
            && _data[last.Start..last.End].SequenceCompareTo(String) >= 0)
            return Fail(BencodeFault.KeyOrder, TokenStart);
        last = new KeyMark(Position - String.Length, Position);
        _awaitingValue |= Bit(Depth);
        return true;
    }

    private bool TryReadString()
    {
        var at = Position;
        long length = 0;
        while (true)
        {
            if (at == _data.Length)
                return Fail(BencodeFault.Truncated, at);
            var digit = _data[at];
            if (digit == ':')
                break;
            if (digit is < (byte)'0' or > (byte)'9' || (at > Position && _data[Position] == '0'))
                return Fail(BencodeFault.BadLength, at);
            length = length * 10 + (digit - '0');
            if (length > int.MaxValue)
                return Fail(BencodeFault.BadLength, Position);
            at++;
        }
        at++;
        if (length > _data.Length - at)
            return Fail(BencodeFault.Truncated, Position);
        String = _data.Slice(at, (int)length);
        Position = at + (int)length;
        Kind = BencodeKind.String;
        return true;
    }

    private bool TryReadInteger()
    {
        var at = Position + 1;
        var negative = at < _data.Length && _data[at] == '-';
        if (negative)
            at++;
        var start = at;
        ulong value = 0;
        while (true)
        {
            if (at == _data.Length)
                return Fail(BencodeFault.Truncated, at);
            var digit = _data[at];
            if (digit == 'e')
                break;
            // 19 digits always fit 64 unsigned bits; more never fit 63.
            if (digit is < (byte)'0' or > (byte)'9' || at - start == 19)
                return Fail(BencodeFault.BadInteger, at);
            value = value * 10 + (ulong)(digit - '0');
            at++;
        }
        var limit = negative ? (ulong)long.MaxValue + 1 : long.MaxValue;
        var leadingZero = at > start && _data[start] == '0' && (negative || at - start > 1);
        if (at == start || leadingZero || value > limit)
            return Fail(BencodeFault.BadInteger, Position);
        Integer = negative ? unchecked(-(long)value) : (long)value;
        Position = at + 1;
        Kind = BencodeKind.Integer;
        return true;
    }

    private bool Fail(BencodeFault fault, int offset)
    {
        Fault = fault;
        FaultOffset = offset;
        Kind = BencodeKind.None;
        return false;
    }

    private readonly record struct KeyMark(int Start, int End);

    [InlineArray(MaxDepth)]
    private struct KeyMarks
    {
        private KeyMark _first;
    }
}
