namespace StatelessSwarm.Engine.Wire;

/// <summary>Outcome of reading a frame.</summary>
public enum WireStatus
{
    /// <summary>A message was read.</summary>
    Message,

    /// <summary>The header of a Piece message was read: 13 bytes consumed; <c>Length</c> data bytes follow in the stream.</summary>
    PieceHeader,

    /// <summary>More bytes are needed.</summary>
    Incomplete,

    /// <summary>The peer broke the protocol: see the fault.</summary>
    Fault,
}
