namespace StatelessSwarm.Swarm.Hosting;

/// <summary>What a torrent's mailbox carries.</summary>
internal enum SessionEventKind
{
    /// <summary>A timer the engine asked for.</summary>
    Advance,

    /// <summary>Connection finished its handshakes.</summary>
    Connected,

    /// <summary>Connection ended, both loops.</summary>
    Disconnected,

    /// <summary>Message from Connection.</summary>
    Message,

    /// <summary>Block from Connection.</summary>
    Block,

    /// <summary>Range was sent on Connection.</summary>
    BlockSent,

    /// <summary>EndPoint was heard of.</summary>
    Discovered,

    /// <summary>EndPoint could not be connected.</summary>
    ConnectFailed,

    /// <summary>Time to look at the web seeds.</summary>
    WebSeeds,
}
