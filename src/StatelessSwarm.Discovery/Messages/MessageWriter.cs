using System.Buffers.Binary;

namespace StatelessSwarm.Discovery.Messages;

/// <summary>
/// Writes a DNS message into a buffer of the caller, section after section, with name compression (RFC 1035 4.1.4) in
/// owner names and in the data of PTR, SRV and NSEC (RFC 6762 18.14). What does not fit leaves the message as it was.
/// </summary>
internal ref struct MessageWriter
{
    private const int HeaderLength = 12;
    private const int MaxPointer = 0x3fff;

    // Offsets of label starts that later names may point at; later suffixes are simply written out.
    private const int MaxKnownSuffixes = 128;

    private readonly Span<byte> _buffer;
    private readonly ushort[] _suffixes;
    private int _suffixCount;
    private int _position;
    private MessageSection _section;

    /// <summary>Starts a message in a buffer of at least twelve bytes.</summary>
    public MessageWriter(Span<byte> buffer, ushort id, ushort flags)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(buffer.Length, HeaderLength);
        _buffer = buffer;
        _suffixes = new ushort[MaxKnownSuffixes];
        buffer[..HeaderLength].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(buffer, id);
        BinaryPrimitives.WriteUInt16BigEndian(buffer[2..], flags);
        _position = HeaderLength;
    }

    /// <summary>Bytes written so far.</summary>
    public readonly int Length => _position;

    /// <summary>Adds to the flags.</summary>
    public readonly void SetFlags(ushort flags) =>
        BinaryPrimitives.WriteUInt16BigEndian(
            _buffer[2..],
            (ushort)(BinaryPrimitives.ReadUInt16BigEndian(_buffer[2..]) | flags)
        );

    /// <summary>Writes a question; false when it does not fit.</summary>
    public bool TryWrite(Question question)
    {
        Enter(MessageSection.Question);
        var (position, suffixCount) = (_position, _suffixCount);
        if (!TryWriteName(question.Name) || _buffer.Length - _position < 4)
            return Undo(position, suffixCount);
        PutWord((ushort)question.Type);
        PutWord((ushort)(question.WantsUnicast ? 0x8001 : 1));
        Count();
        return true;
    }

    /// <summary>Writes a record; sections go in order. False when it does not fit.</summary>
    public bool TryWrite(MessageSection section, ResourceRecord record)
    {
        Enter(section);
        var (position, suffixCount) = (_position, _suffixCount);
        if (!TryWriteName(record.Name) || _buffer.Length - _position < 10)
            return Undo(position, suffixCount);
        PutWord((ushort)record.Type);
        PutWord((ushort)(record.FlushesCache ? 0x8001 : 1));
        BinaryPrimitives.WriteUInt32BigEndian(_buffer[_position..], record.TimeToLiveSeconds);
        _position += 4;
        var lengthAt = _position;
        _position += 2;
        if (!TryWriteData(record))
            return Undo(position, suffixCount);
        BinaryPrimitives.WriteUInt16BigEndian(_buffer[lengthAt..], (ushort)(_position - lengthAt - 2));
        Count();
        return true;
    }

    private void Enter(MessageSection section)
    {
        if (section < _section)
            throw new InvalidOperationException($"section {section} cannot follow {_section}");
        _section = section;
    }

    private bool TryWriteData(ResourceRecord record)
    {
        switch (record.Type)
        {
            case RecordType.Ptr:
                return TryWriteName(DomainName.FromWire(record.Data));
            case RecordType.Srv:
                return TryCopy(record.Data[..RecordData.ServiceHeaderLength])
                    && TryWriteName(DomainName.FromWire(record.Data[RecordData.ServiceHeaderLength..]));
            case RecordType.Nsec:
                var nameLength = NameLength(record.Data);
                return TryWriteName(DomainName.FromWire(record.Data[..nameLength]))
                    && TryCopy(record.Data[nameLength..]);
            default:
                return TryCopy(record.Data);
        }
    }

    private bool TryCopy(ReadOnlySpan<byte> data)
    {
        if (_buffer.Length - _position < data.Length)
            return false;
        data.CopyTo(_buffer[_position..]);
        _position += data.Length;
        return true;
    }

    private bool TryWriteName(DomainName name)
    {
        var rest = name.Wire;
        while (rest[0] != 0)
        {
            if (TryFindSuffix(rest, out var offset))
            {
                if (_buffer.Length - _position < 2)
                    return false;
                PutWord((ushort)(0xc000 | offset));
                return true;
            }

            var at = _position;
            if (!TryCopy(rest[..(1 + rest[0])]))
                return false;
            if (at <= MaxPointer && _suffixCount < MaxKnownSuffixes)
                _suffixes[_suffixCount++] = (ushort)at;
            rest = rest[(1 + rest[0])..];
        }

        return TryCopy(rest);
    }

    private readonly bool TryFindSuffix(ReadOnlySpan<byte> suffix, out int offset)
    {
        for (var i = 0; i < _suffixCount; i++)
        {
            offset = _suffixes[i];
            if (IsNameAt(offset, suffix))
                return true;
        }

        offset = 0;
        return false;
    }

    // Only names this writer wrote are walked, so pointers are known to be good.
    private readonly bool IsNameAt(int at, ReadOnlySpan<byte> name)
    {
        while (true)
        {
            if (at >= _position)
                return false;
            if ((_buffer[at] & 0xc0) == 0xc0)
            {
                if (at + 1 >= _position)
                    return false;
                at = BinaryPrimitives.ReadUInt16BigEndian(_buffer[at..]) & MaxPointer;
                continue;
            }

            var length = _buffer[at];
            if (length != name[0] || at + 1 + length > _position)
                return false;
            if (length == 0)
                return true;
            if (!_buffer.Slice(at + 1, length).SequenceEqual(name.Slice(1, length)))
                return false;
            at += 1 + length;
            name = name[(1 + length)..];
        }
    }

    private static int NameLength(ReadOnlySpan<byte> wire)
    {
        var at = 0;
        while (wire[at] != 0)
            at += 1 + wire[at];
        return at + 1;
    }

    private readonly void Count()
    {
        var counter = _buffer[(4 + (2 * (int)_section))..];
        BinaryPrimitives.WriteUInt16BigEndian(
            counter,
            (ushort)(BinaryPrimitives.ReadUInt16BigEndian(counter) + 1)
        );
    }

    private void PutWord(ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_buffer[_position..], value);
        _position += 2;
    }

    private bool Undo(int position, int suffixCount)
    {
        _position = position;
        _suffixCount = suffixCount;
        return false;
    }
}
