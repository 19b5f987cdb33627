namespace StatelessSwarm.Engine.Wire;

/// <summary>
/// One peer message, decoded. Fields that a kind does not use are zero. <see cref="Payload"/> is owned by the message and
/// never changes.
/// </summary>
public readonly record struct PeerMessage(
    PeerMessageKind Kind,
    int Piece = 0,
    int Begin = 0,
    int Length = 0,
    byte ExtendedId = 0,
    ReadOnlyMemory<byte> Payload = default
);
