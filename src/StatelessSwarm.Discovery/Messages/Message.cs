namespace StatelessSwarm.Discovery.Messages;

/// <summary>A whole message, read. Its size is bounded by the packet's: at most 9000 bytes and so 817 records.</summary>
internal sealed class Message
{
    private Message(MessageHeader header)
    {
        Header = header;
    }

    /// <summary>Id and flags.</summary>
    public MessageHeader Header { get; }

    /// <summary>Questions of class IN or ANY.</summary>
    public List<Question> Questions { get; } = [];

    /// <summary>Answers; in a query, the answers its sender knows already.</summary>
    public List<ResourceRecord> Answers { get; } = [];

    /// <summary>In a query, the records its sender is about to claim.</summary>
    public List<ResourceRecord> Authorities { get; } = [];

    /// <summary>Records that save the asker a second question.</summary>
    public List<ResourceRecord> Additionals { get; } = [];

    /// <summary>Reads a packet.</summary>
    public static MessageFault Read(ReadOnlySpan<byte> packet, out Message? message)
    {
        message = null;
        var reader = new MessageReader(packet);
        var fault = reader.ReadHeader(out var header);
        if (fault != MessageFault.None)
            return fault;
        if ((header.Flags & MessageHeader.OperationMask) != 0)
            return MessageFault.WrongOperation;
        var read = new Message(header);
        for (var i = 0; i < header.QuestionCount; i++)
        {
            fault = reader.ReadQuestion(out var question);
            if (fault != MessageFault.None)
                return fault;
            if (question is { } asked)
                read.Questions.Add(asked);
        }

        fault = ReadSection(ref reader, header.AnswerCount, read.Answers);
        if (fault == MessageFault.None)
            fault = ReadSection(ref reader, header.AuthorityCount, read.Authorities);
        if (fault == MessageFault.None)
            fault = ReadSection(ref reader, header.AdditionalCount, read.Additionals);
        if (fault == MessageFault.None)
            message = read;
        return fault;
    }

    private static MessageFault ReadSection(ref MessageReader reader, int count, List<ResourceRecord> section)
    {
        for (var i = 0; i < count; i++)
        {
            var fault = reader.ReadRecord(out var record);
            if (fault != MessageFault.None)
                return fault;
            if (record is not null)
                section.Add(record);
        }

        return MessageFault.None;
    }
}
