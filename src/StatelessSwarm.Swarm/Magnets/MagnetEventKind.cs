namespace StatelessSwarm.Swarm.Magnets;

/// <summary>What a magnet session's mailbox carries.</summary>
internal enum MagnetEventKind
{
    /// <summary>Time has passed.</summary>
    Tick,

    /// <summary>EndPoint was heard of.</summary>
    Heard,

    /// <summary>Peer could not be connected.</summary>
    ConnectFailed,

    /// <summary>Connection to Peer has finished its handshake.</summary>
    Connected,

    /// <summary>Message from Connection.</summary>
    Message,

    /// <summary>Connection ended, both loops.</summary>
    Disconnected,
}
