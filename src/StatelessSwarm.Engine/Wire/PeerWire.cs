namespace StatelessSwarm.Engine.Wire;

/// <summary>
/// Frames of the peer protocol: 4-byte big-endian length, 1-byte id, body (BEP 3). Lengths are checked against the id
/// before anything else is read, so that a peer can never make us wait for, or hold, more than its limit.
/// </summary>
public static partial class PeerWire
{
    /// <summary>Reads one frame from the start of <paramref name="source"/>.</summary>
    /// <param name="source">Bytes received and not yet consumed.</param>
    /// <param name="limits">Bounds.</param>
    /// <param name="message">The message; for a piece header Piece, Begin and Length (data bytes that follow).</param>
    /// <param name="consumed">Bytes used up; 0 unless a message or a piece header was read.</param>
    /// <param name="fault">The broken rule.</param>
    public static WireStatus TryRead(
        ReadOnlySpan<byte> source,
        WireLimits limits,
        out PeerMessage message,
        out int consumed,
        out PeerFault fault
    ) => throw new NotImplementedException();

    /// <summary>Bytes that <paramref name="message"/> takes on the wire; for a Piece without its data: 13.</summary>
    public static int SizeOf(in PeerMessage message) => throw new NotImplementedException();

    /// <summary>Writes the message (of a Piece only the 13-byte header) and returns the bytes written.</summary>
    public static int Write(in PeerMessage message, Span<byte> target) => throw new NotImplementedException();
}
