namespace StatelessSwarm.Discovery.Messages;

/// <summary>The twelve bytes every message opens with (RFC 1035 4.1.1).</summary>
/// <param name="Id">Id; zero in multicast, echoed to legacy askers.</param>
/// <param name="Flags">QR, opcode, AA, TC, RD, RA, rcode.</param>
/// <param name="QuestionCount">Questions that follow.</param>
/// <param name="AnswerCount">Answers that follow them.</param>
/// <param name="AuthorityCount">Authority records, in probes.</param>
/// <param name="AdditionalCount">Additional records.</param>
internal readonly record struct MessageHeader(
    ushort Id,
    ushort Flags,
    int QuestionCount,
    int AnswerCount,
    int AuthorityCount,
    int AdditionalCount
)
{
    /// <summary>QR: a response.</summary>
    public const ushort ResponseFlag = 0x8000;

    /// <summary>AA: authoritative, always set in multicast responses (RFC 6762 18.4).</summary>
    public const ushort AuthoritativeFlag = 0x0400;

    /// <summary>TC: in a query, more known answers follow (RFC 6762 18.5).</summary>
    public const ushort TruncatedFlag = 0x0200;

    /// <summary>Bits of operation and response code, both zero in multicast.</summary>
    public const ushort OperationMask = 0x780f;

    /// <summary>Whether QR is set.</summary>
    public bool IsResponse => (Flags & ResponseFlag) != 0;

    /// <summary>Whether TC is set.</summary>
    public bool IsTruncated => (Flags & TruncatedFlag) != 0;
}
