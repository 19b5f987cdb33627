namespace StatelessSwarm.Swarm.Encryption;

/// <summary>What a handshake waits for.</summary>
internal enum MseStatus
{
    /// <summary>Up to <see cref="MseExchange.Wanted"/> bytes of the other side.</summary>
    Bytes,

    /// <summary><see cref="MseExchange.Work"/>: a fraction of a millisecond of computing.</summary>
    Work,

    /// <summary>Nothing: it is over.</summary>
    Done,

    /// <summary>Nothing: the other side broke the protocol, or we have nothing in common.</summary>
    Fault,
}
