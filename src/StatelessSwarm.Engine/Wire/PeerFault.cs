namespace StatelessSwarm.Engine.Wire;

/// <summary>Why a connection ended: the phase and the rule that was broken, or our own decision.</summary>
public enum PeerFault
{
    /// <summary>None.</summary>
    None,

    /// <summary>Frame longer or shorter than its id allows.</summary>
    FrameLength,

    /// <summary>Bitfield with spare bits set or of the wrong length.</summary>
    BadBitfield,

    /// <summary>Piece index outside the torrent.</summary>
    PieceIndexOutOfRange,

    /// <summary>Request or block outside its piece, or too long.</summary>
    BlockOutOfRange,

    /// <summary>Fast-extension message without the extension, or in the wrong place.</summary>
    FastNotNegotiated,

    /// <summary>Extension handshake or message broken.</summary>
    BadExtension,

    /// <summary>Hash request or hashes broken, or v2 not negotiated.</summary>
    BadHashMessage,

    /// <summary>More requests queued than we allow.</summary>
    TooManyRequests,

    /// <summary>More messages than we allow in the time.</summary>
    Flood,

    /// <summary>Data whose hash is wrong, proven to come from this peer.</summary>
    WrongData,

    /// <summary>No progress for too long.</summary>
    Stalled,

    /// <summary>Nothing heard for too long.</summary>
    Silent,

    /// <summary>We connected to ourselves.</summary>
    SelfConnection,

    /// <summary>A second connection to the same peer.</summary>
    DuplicateConnection,

    /// <summary>Both complete: nothing to exchange.</summary>
    BothComplete,

    /// <summary>Too many peers.</summary>
    TooManyPeers,

    /// <summary>The torrent stops.</summary>
    Stopping,
}
