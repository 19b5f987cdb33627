namespace StatelessSwarm.Discovery.Messages;

/// <summary>
/// Spreads questions and records over as few packets as hold them. A packet stays within <see cref="PreferredLength"/>
/// unless one record alone is longer; <see cref="MaxLength"/> is never passed and what is longer still is left out.
/// </summary>
internal static class MessageComposer
{
    /// <summary>Bytes of DNS message that fit an Ethernet frame under IPv6 and UDP headers (1500 - 40 - 8), rounded down.</summary>
    public const int PreferredLength = 1440;

    /// <summary>Most bytes of DNS message: 9000 with IP and UDP headers (RFC 6762 17).</summary>
    public const int MaxLength = 8952;

    /// <summary>
    /// A query with the answers known already. When those do not fit, further packets follow and all but the last have TC
    /// set (RFC 6762 7.2).
    /// </summary>
    public static List<byte[]> Query(IReadOnlyList<Question> questions, IReadOnlyList<ResourceRecord> knownAnswers)
    {
        var packets = new List<byte[]>();
        var buffer = new byte[PreferredLength];
        var asked = 0;
        var known = 0;
        while (asked < questions.Count || known < knownAnswers.Count)
        {
            var (askedBefore, knownBefore) = (asked, known);
            var writer = new MessageWriter(buffer, 0, 0);
            while (asked < questions.Count && writer.TryWrite(questions[asked]))
                asked++;
            while (
                asked == questions.Count
                && known < knownAnswers.Count
                && writer.TryWrite(MessageSection.Answer, knownAnswers[known])
            )
                known++;
            if (asked == askedBefore && known == knownBefore)
            {
                // A single known answer longer than a packet: say nothing about it, it will be told again.
                known++;
                continue;
            }

            if (asked == questions.Count && known < knownAnswers.Count)
                writer.SetFlags(MessageHeader.TruncatedFlag);
            packets.Add(buffer[..writer.Length]);
        }

        return packets;
    }

    /// <summary>A probe (RFC 6762 8.1): questions and, as authorities, the records about to be claimed.</summary>
    public static List<byte[]> Probe(IReadOnlyList<Question> questions, IReadOnlyList<ResourceRecord> claimed)
    {
        var buffer = new byte[MaxLength];
        var writer = new MessageWriter(buffer, 0, 0);
        foreach (var question in questions)
            writer.TryWrite(question);
        foreach (var record in claimed)
            writer.TryWrite(MessageSection.Authority, record);
        return [buffer[..writer.Length]];
    }

    /// <summary>A response; additionals go along as far as they fit the last packet.</summary>
    public static List<byte[]> Response(
        IReadOnlyList<ResourceRecord> answers,
        IReadOnlyList<ResourceRecord> additionals,
        ushort id = 0,
        IReadOnlyList<Question>? echoed = null
    )
    {
        const ushort flags = MessageHeader.ResponseFlag | MessageHeader.AuthoritativeFlag;
        var packets = new List<byte[]>();
        var buffer = new byte[MaxLength];
        var at = 0;
        while (at < answers.Count)
        {
            var before = at;
            var writer = new MessageWriter(buffer.AsSpan(0, PreferredLength), id, flags);
            WriteAll(ref writer, echoed);
            while (at < answers.Count && writer.TryWrite(MessageSection.Answer, answers[at]))
                at++;
            if (at == before)
            {
                writer = new MessageWriter(buffer, id, flags);
                WriteAll(ref writer, echoed);
                var fits = writer.TryWrite(MessageSection.Answer, answers[at]);
                at++;
                if (!fits)
                    continue;
            }
            else if (at == answers.Count)
            {
                foreach (var record in additionals)
                    writer.TryWrite(MessageSection.Additional, record);
            }

            packets.Add(buffer[..writer.Length]);
        }

        return packets;
    }

    private static void WriteAll(ref MessageWriter writer, IReadOnlyList<Question>? questions)
    {
        foreach (var question in questions ?? [])
            writer.TryWrite(question with { WantsUnicast = false });
    }
}
