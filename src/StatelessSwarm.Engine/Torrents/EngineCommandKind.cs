namespace StatelessSwarm.Engine.Torrents;

/// <summary>What the shell is asked to do.</summary>
public enum EngineCommandKind
{
    /// <summary>Send <c>Message</c> (never a Piece) to <c>Peer</c>.</summary>
    Send,

    /// <summary>Read <c>Block</c> from disk (pad bytes are zeros), send it as a Piece message, then call
    /// <see cref="TorrentEngine.BlockSent"/>.</summary>
    SendBlock,

    /// <summary>Read every 16 KiB block of <c>Block</c>, which is the content of one verified piece, hash each with SHA-256, then call
    /// <see cref="TorrentEngine.BlocksHashed"/> for <c>Peer</c>. At most <see cref="EngineOptions.HashedPieces"/> are under way.</summary>
    HashBlocks,

    /// <summary>Write the received block with buffer token <c>Token</c> at <c>Block</c>, then let go of the buffer.</summary>
    WriteBlock,

    /// <summary>Let go of the buffer <c>Token</c>: its block is not wanted.</summary>
    DropBlock,

    /// <summary>
    /// All blocks of <c>Block.Piece</c> have been written: compare its SHA-1 with the torrent's and call
    /// <see cref="TorrentEngine.PieceChecked"/>, once. Only in v1-only torrents, at most <see cref="EngineOptions.PieceChecks"/> at a time.
    /// </summary>
    CheckPiece,

    /// <summary>
    /// All of <c>Block.Piece</c> is on disk, a part of it from before the transfer: hash every 16 KiB block with SHA-256 and call
    /// <see cref="TorrentEngine.PieceHashed"/>, once. At most <see cref="EngineOptions.PieceChecks"/> at a time. Never in v1-only torrents.
    /// </summary>
    HashPiece,

    /// <summary>All blocks of <c>Block.Piece</c> have been written and its hash is right: record it.</summary>
    PieceVerified,

    /// <summary>All pieces are there. Once.</summary>
    Completed,

    /// <summary>Close the connection of <c>Peer</c> because of <c>Fault</c>.</summary>
    Disconnect,

    /// <summary>A peer told us of <c>EndPoint</c> (BEP 11): call <see cref="TorrentEngine.PeerDiscovered"/> with how far it is.
    /// <c>IsNear</c>: a neighbour said that it is of its own site.</summary>
    PeerHeard,

    /// <summary><c>Peer</c>, so far beyond the WAN link, has turned out to be of our site: limits on the WAN do not count for it any more.</summary>
    PeerNear,

    /// <summary>Connect to <c>EndPoint</c>; answer with PeerConnected or ConnectFailed.</summary>
    Connect,
}
