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

    /// <summary>The piece of Range was hashed: IsRight, or Fault when its file cannot be read.</summary>
    PieceChecked,

    /// <summary>The blocks of Range hash to Leaves, for Connection, or for ourselves without one; no leaves when they could not be read.</summary>
    BlocksHashed,

    /// <summary>EndPoint was heard of; IsNear: its teller takes it for a member of our site.</summary>
    Discovered,

    /// <summary>EndPoint could not be connected.</summary>
    ConnectFailed,

    /// <summary>Time to look at the web seeds.</summary>
    WebSeeds,
}
