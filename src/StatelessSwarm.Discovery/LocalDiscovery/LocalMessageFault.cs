namespace StatelessSwarm.Discovery.LocalDiscovery;

/// <summary>Why a datagram is no announcement; a value, because datagrams come from strangers.</summary>
internal enum LocalMessageFault
{
    /// <summary>Well formed.</summary>
    None,

    /// <summary>Longer than <see cref="LocalMessage.MaxLength"/>.</summary>
    TooLong,

    /// <summary>The first line is not <c>BT-SEARCH * HTTP/1.x</c>.</summary>
    WrongMethod,

    /// <summary>No empty line ends the headers.</summary>
    Truncated,

    /// <summary>A line without a colon, or too many lines.</summary>
    BadHeader,

    /// <summary>No port from 1 to 65535.</summary>
    BadPort,

    /// <summary>No hash, too many of them, or one that is not 40 hexadecimal digits.</summary>
    BadHash,
}
