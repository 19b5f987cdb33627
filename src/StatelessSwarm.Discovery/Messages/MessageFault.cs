namespace StatelessSwarm.Discovery.Messages;

/// <summary>Why a packet is not a DNS message; a value, because packets come from strangers.</summary>
internal enum MessageFault
{
    /// <summary>Well formed.</summary>
    None,

    /// <summary>Longer than 9000 bytes (RFC 6762 17).</summary>
    TooLong,

    /// <summary>Ends inside a field.</summary>
    Truncated,

    /// <summary>The header counts more entries than the packet could hold.</summary>
    TooManyEntries,

    /// <summary>A label with reserved type bits 01 or 10.</summary>
    ReservedLabel,

    /// <summary>A compression pointer that does not point backwards, or too many of them.</summary>
    BadPointer,

    /// <summary>A name longer than 255 bytes.</summary>
    NameTooLong,

    /// <summary>Record data whose length does not fit its type.</summary>
    BadData,

    /// <summary>Operation code or response code other than zero (RFC 6762 18.3, 18.11).</summary>
    WrongOperation,
}
