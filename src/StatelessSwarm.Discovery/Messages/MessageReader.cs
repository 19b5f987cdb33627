using System.Buffers.Binary;

namespace StatelessSwarm.Discovery.Messages;

/// <summary>
/// Reads a DNS message (RFC 1035 4.1) in order: header, questions, records. Header, big-endian 16 bits each: id, flags,
/// counts of questions, answers, authorities, additionals. Names may end in a pointer (top bits 11, 14 bits offset from the
/// start of the message); a pointer must point before the place it was reached from, so names cannot loop, and at most
/// <see cref="MaxJumps"/> are followed. Everything returns a fault as a value and never throws on input.
/// </summary>
internal ref struct MessageReader
{
    /// <summary>Longest packet in bytes (RFC 6762 17).</summary>
    public const int MaxPacketLength = 9000;

    /// <summary>Most compression pointers followed in one name.</summary>
    public const int MaxJumps = 64;

    private const int HeaderLength = 12;
    private const int MinQuestionLength = 5;
    private const int MinRecordLength = 11;

    private readonly ReadOnlySpan<byte> _packet;
    private int _position;

    /// <summary>Reads from a packet the caller keeps unchanged meanwhile.</summary>
    public MessageReader(ReadOnlySpan<byte> packet)
    {
        _packet = packet;
    }

    /// <summary>Bytes not read yet.</summary>
    public readonly int Remaining => _packet.Length - _position;

    /// <summary>Reads the header and holds its counts against the packet's length.</summary>
    public MessageFault ReadHeader(out MessageHeader header)
    {
        header = default;
        if (_packet.Length > MaxPacketLength)
            return MessageFault.TooLong;
        if (_packet.Length < HeaderLength)
            return MessageFault.Truncated;
        header = new MessageHeader(Word(0), Word(2), Word(4), Word(6), Word(8), Word(10));
        _position = HeaderLength;
        var least =
            (header.QuestionCount * MinQuestionLength)
            + ((header.AnswerCount + header.AuthorityCount + header.AdditionalCount) * MinRecordLength);
        return least > Remaining ? MessageFault.TooManyEntries : MessageFault.None;
    }

    /// <summary>Reads a question; <paramref name="question"/> is null for a class other than IN and ANY.</summary>
    public MessageFault ReadQuestion(out Question? question)
    {
        question = null;
        var fault = ReadName(out var name);
        if (fault != MessageFault.None)
            return fault;
        if (Remaining < 4)
            return MessageFault.Truncated;
        var type = (RecordType)Word(_position);
        var wireClass = Word(_position + 2);
        _position += 4;
        if ((wireClass & 0x7fff) is 1 or 255)
            question = new Question(name, type, (wireClass & 0x8000) != 0);
        return MessageFault.None;
    }

    /// <summary>Reads a record; <paramref name="record"/> is null for a class other than IN and for OPT.</summary>
    public MessageFault ReadRecord(out ResourceRecord? record)
    {
        record = null;
        var fault = ReadName(out var name);
        if (fault != MessageFault.None)
            return fault;
        if (Remaining < 10)
            return MessageFault.Truncated;
        var type = (RecordType)Word(_position);
        var wireClass = Word(_position + 2);
        var timeToLive = BinaryPrimitives.ReadUInt32BigEndian(_packet[(_position + 4)..]);
        var length = Word(_position + 8);
        _position += 10;
        if (Remaining < length)
            return MessageFault.Truncated;
        var end = _position + length;
        if ((wireClass & 0x7fff) != 1 || type == RecordType.Opt)
        {
            _position = end;
            return MessageFault.None;
        }

        fault = ReadData(type, end, out var data);
        if (fault != MessageFault.None)
            return fault;
        record = new ResourceRecord(name, type, timeToLive, (wireClass & 0x8000) != 0, data);
        return MessageFault.None;
    }

    private MessageFault ReadData(RecordType type, int end, out byte[] data)
    {
        data = [];
        var headerLength = type switch
        {
            RecordType.Ptr or RecordType.Cname or RecordType.Ns or RecordType.Nsec => 0,
            RecordType.Srv => RecordData.ServiceHeaderLength,
            _ => -1,
        };
        if (headerLength < 0)
        {
            var raw = _packet[_position..end];
            _position = end;
            if (!RecordData.IsWellFormed(type, raw))
                return MessageFault.BadData;
            data = raw.ToArray();
            return MessageFault.None;
        }

        if (end - _position < headerLength + 1)
            return MessageFault.BadData;
        var header = _packet.Slice(_position, headerLength);
        _position += headerLength;
        var fault = ReadName(out var target);
        if (fault != MessageFault.None)
            return fault;
        if (_position > end || (_position < end && type != RecordType.Nsec))
            return MessageFault.BadData;
        data = [.. header, .. target.Wire, .. _packet[_position..end]];
        _position = end;
        return MessageFault.None;
    }

    private MessageFault ReadName(out DomainName name)
    {
        name = DomainName.Root;
        Span<byte> wire = stackalloc byte[DomainName.MaxLength];
        var written = 0;
        var jumps = 0;
        var at = _position;
        var reachedFrom = _position;
        var after = -1;
        while (true)
        {
            if (at >= _packet.Length)
                return MessageFault.Truncated;
            var length = _packet[at];
            switch (length & 0xc0)
            {
                case 0xc0:
                    if (at + 1 >= _packet.Length)
                        return MessageFault.Truncated;
                    var target = Word(at) & 0x3fff;
                    after = after < 0 ? at + 2 : after;
                    if (target < HeaderLength || target >= reachedFrom || ++jumps > MaxJumps)
                        return MessageFault.BadPointer;
                    reachedFrom = target;
                    at = target;
                    continue;
                case 0:
                    break;
                default:
                    return MessageFault.ReservedLabel;
            }

            if (at + 1 + length > _packet.Length)
                return MessageFault.Truncated;
            if (written + 1 + length > DomainName.MaxLength)
                return MessageFault.NameTooLong;
            _packet.Slice(at, 1 + length).CopyTo(wire[written..]);
            written += 1 + length;
            at += 1 + length;
            if (length != 0)
                continue;
            _position = after < 0 ? at : after;
            name = DomainName.FromWire(wire[..written]);
            return MessageFault.None;
        }
    }

    private readonly ushort Word(int at) => BinaryPrimitives.ReadUInt16BigEndian(_packet[at..]);
}
