namespace StatelessSwarm.Engine.Wire;

/// <summary>Message ids of the peer protocol (BEP 3, 6, 10, 52); frozen by their standards.</summary>
public enum PeerMessageKind
{
    /// <summary>Zero-length message; has no id on the wire.</summary>
    KeepAlive = -1,

    /// <summary>BEP 3.</summary>
    Choke = 0,

    /// <summary>BEP 3.</summary>
    Unchoke = 1,

    /// <summary>BEP 3.</summary>
    Interested = 2,

    /// <summary>BEP 3.</summary>
    NotInterested = 3,

    /// <summary>BEP 3: Piece.</summary>
    Have = 4,

    /// <summary>BEP 3: Payload.</summary>
    Bitfield = 5,

    /// <summary>BEP 3: Piece, Begin, Length.</summary>
    Request = 6,

    /// <summary>BEP 3: Piece, Begin, Length of data. The data never passes through the engine.</summary>
    Piece = 7,

    /// <summary>BEP 3: Piece, Begin, Length.</summary>
    Cancel = 8,

    /// <summary>BEP 5: Length is the port; ignored.</summary>
    Port = 9,

    /// <summary>BEP 6: Piece.</summary>
    SuggestPiece = 13,

    /// <summary>BEP 6.</summary>
    HaveAll = 14,

    /// <summary>BEP 6.</summary>
    HaveNone = 15,

    /// <summary>BEP 6: Piece, Begin, Length.</summary>
    RejectRequest = 16,

    /// <summary>BEP 6: Piece.</summary>
    AllowedFast = 17,

    /// <summary>BEP 10: ExtendedId, Payload.</summary>
    Extended = 20,

    /// <summary>BEP 52: Payload of 48 bytes, see <see cref="HashRange"/>.</summary>
    HashRequest = 21,

    /// <summary>BEP 52: Payload: request header and hashes.</summary>
    Hashes = 22,

    /// <summary>BEP 52: Payload of 48 bytes.</summary>
    HashReject = 23,
}
