using System.Buffers.Binary;

namespace StatelessSwarm.Engine.Wire;

/// <summary>
/// Frames of the peer protocol: 4-byte big-endian length, 1-byte id, body (BEP 3). Lengths are checked against the id
/// before anything else is read, so that a peer can never make us wait for, or hold, more than its limit.
/// <para>
/// Bodies, all integers 32-bit big-endian: have, suggest, allowed fast: piece; request, cancel, reject: piece, begin,
/// length; piece: piece, begin, data; bitfield: one bit per piece, high bit first, spare bits zero; extended: 1-byte id
/// and payload; hash request, hash reject: 48 bytes; hashes: 48 bytes and whole 32-byte hashes. An id that is none of
/// these breaks the rule "length fits the id".
/// </para>
/// </summary>
public static partial class PeerWire
{
    /// <summary>Bytes before the body: length and id.</summary>
    public const int HeaderSize = 5;

    /// <summary>Bytes of a Piece message before its data.</summary>
    public const int PieceHeaderSize = 13;

    /// <summary>Longest bitfield taken while the piece count is unknown: 1 MiB, eight million pieces.</summary>
    public const int MaxUnknownBitfieldBytes = 1024 * 1024;

    /// <summary>Most hashes in one Hashes message: 512 asked for (BEP 52) and 64 proof layers.</summary>
    public const int MaxHashes = 512 + 64;

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
    )
    {
        message = default;
        consumed = 0;
        fault = PeerFault.None;
        if (source.Length < 4)
            return WireStatus.Incomplete;
        var length = BinaryPrimitives.ReadUInt32BigEndian(source);
        if (length == 0)
        {
            message = new PeerMessage(PeerMessageKind.KeepAlive);
            consumed = 4;
            return WireStatus.Message;
        }
        if (source.Length < HeaderSize)
            return WireStatus.Incomplete;

        var kind = (PeerMessageKind)source[4];
        fault = CheckLength(kind, length, limits);
        if (fault != PeerFault.None)
            return WireStatus.Fault;
        if (kind == PeerMessageKind.Piece)
            return ReadPieceHeader(source, (int)length, limits, out message, out consumed, out fault);
        if (source.Length - 4 < length)
            return WireStatus.Incomplete;

        fault = ReadBody(kind, source.Slice(HeaderSize, (int)length - 1), limits, out message);
        if (fault != PeerFault.None)
            return WireStatus.Fault;
        consumed = 4 + (int)length;
        return WireStatus.Message;
    }

    /// <summary>Bytes that <paramref name="message"/> takes on the wire; for a Piece without its data: 13.</summary>
    public static int SizeOf(in PeerMessage message) =>
        message.Kind switch
        {
            PeerMessageKind.KeepAlive => 4,
            PeerMessageKind.Have or PeerMessageKind.SuggestPiece or PeerMessageKind.AllowedFast => HeaderSize + 4,
            PeerMessageKind.Request or PeerMessageKind.Cancel or PeerMessageKind.RejectRequest => HeaderSize + 12,
            PeerMessageKind.Piece => PieceHeaderSize,
            PeerMessageKind.Port => HeaderSize + 2,
            PeerMessageKind.Bitfield
            or PeerMessageKind.HashRequest
            or PeerMessageKind.Hashes
            or PeerMessageKind.HashReject => HeaderSize + message.Payload.Length,
            PeerMessageKind.Extended => HeaderSize + 1 + message.Payload.Length,
            _ => HeaderSize,
        };

    /// <summary>Writes the message (of a Piece only the 13-byte header) and returns the bytes written.</summary>
    public static int Write(in PeerMessage message, Span<byte> target)
    {
        var size = SizeOf(message);
        ArgumentOutOfRangeException.ThrowIfLessThan(target.Length, size, nameof(target));
        if (message.Kind == PeerMessageKind.KeepAlive)
        {
            target[..4].Clear();
            return size;
        }
        var length = size - 4 + (message.Kind == PeerMessageKind.Piece ? message.Length : 0);
        BinaryPrimitives.WriteInt32BigEndian(target, length);
        target[4] = (byte)message.Kind;
        var body = target[HeaderSize..size];
        switch (message.Kind)
        {
            case PeerMessageKind.Have or PeerMessageKind.SuggestPiece or PeerMessageKind.AllowedFast:
                BinaryPrimitives.WriteInt32BigEndian(body, message.Piece);
                break;
            case PeerMessageKind.Request or PeerMessageKind.Cancel or PeerMessageKind.RejectRequest:
                BinaryPrimitives.WriteInt32BigEndian(body, message.Piece);
                BinaryPrimitives.WriteInt32BigEndian(body[4..], message.Begin);
                BinaryPrimitives.WriteInt32BigEndian(body[8..], message.Length);
                break;
            case PeerMessageKind.Piece:
                BinaryPrimitives.WriteInt32BigEndian(body, message.Piece);
                BinaryPrimitives.WriteInt32BigEndian(body[4..], message.Begin);
                break;
            case PeerMessageKind.Port:
                BinaryPrimitives.WriteUInt16BigEndian(body, (ushort)message.Length);
                break;
            case PeerMessageKind.Extended:
                body[0] = message.ExtendedId;
                message.Payload.Span.CopyTo(body[1..]);
                break;
            case PeerMessageKind.Bitfield
            or PeerMessageKind.HashRequest
            or PeerMessageKind.Hashes
            or PeerMessageKind.HashReject:
                message.Payload.Span.CopyTo(body);
                break;
            default:
                break;
        }
        return size;
    }

    private static PeerFault CheckLength(PeerMessageKind kind, uint length, WireLimits limits)
    {
        var fits = kind switch
        {
            PeerMessageKind.Choke
            or PeerMessageKind.Unchoke
            or PeerMessageKind.Interested
            or PeerMessageKind.NotInterested
            or PeerMessageKind.HaveAll
            or PeerMessageKind.HaveNone => length == 1,
            PeerMessageKind.Have or PeerMessageKind.SuggestPiece or PeerMessageKind.AllowedFast => length == 5,
            PeerMessageKind.Request or PeerMessageKind.Cancel or PeerMessageKind.RejectRequest => length == 13,
            PeerMessageKind.Piece => length > 9 && length - 9 <= limits.MaxBlockLength,
            PeerMessageKind.Port => length == 3,
            PeerMessageKind.Extended => length >= 2 && length - 2 <= limits.MaxExtendedLength,
            PeerMessageKind.HashRequest or PeerMessageKind.HashReject => length == 1 + HashRange.Size,
            PeerMessageKind.Hashes => length > 1 + HashRange.Size
                && (length - 1 - HashRange.Size) % 32 == 0
                && (length - 1 - HashRange.Size) / 32 <= MaxHashes,
            PeerMessageKind.Bitfield => true,
            _ => false,
        };
        if (!fits)
            return PeerFault.FrameLength;
        if (kind != PeerMessageKind.Bitfield)
            return PeerFault.None;
        var bytes = length - 1;
        var isRight = limits.PieceCount > 0 ? bytes == (limits.PieceCount + 7L) / 8 : bytes <= MaxUnknownBitfieldBytes;
        return isRight ? PeerFault.None : PeerFault.BadBitfield;
    }

    private static WireStatus ReadPieceHeader(
        ReadOnlySpan<byte> source,
        int length,
        WireLimits limits,
        out PeerMessage message,
        out int consumed,
        out PeerFault fault
    )
    {
        message = default;
        consumed = 0;
        fault = PeerFault.None;
        if (source.Length < PieceHeaderSize)
            return WireStatus.Incomplete;
        if (!TryReadPiece(source[HeaderSize..], limits, out var piece))
            fault = PeerFault.PieceIndexOutOfRange;
        else if (BinaryPrimitives.ReadUInt32BigEndian(source[(HeaderSize + 4)..]) > int.MaxValue)
            fault = PeerFault.BlockOutOfRange;
        if (fault != PeerFault.None)
            return WireStatus.Fault;
        var begin = BinaryPrimitives.ReadInt32BigEndian(source[(HeaderSize + 4)..]);
        message = new PeerMessage(PeerMessageKind.Piece, piece, begin, length - 9);
        consumed = PieceHeaderSize;
        return WireStatus.PieceHeader;
    }

    private static PeerFault ReadBody(
        PeerMessageKind kind,
        ReadOnlySpan<byte> body,
        WireLimits limits,
        out PeerMessage message
    )
    {
        message = new PeerMessage(kind);
        switch (kind)
        {
            case PeerMessageKind.Have or PeerMessageKind.SuggestPiece or PeerMessageKind.AllowedFast:
                if (!TryReadPiece(body, limits, out var index))
                    return PeerFault.PieceIndexOutOfRange;
                message = new PeerMessage(kind, index);
                return PeerFault.None;
            case PeerMessageKind.Request or PeerMessageKind.Cancel or PeerMessageKind.RejectRequest:
                if (!TryReadPiece(body, limits, out var piece))
                    return PeerFault.PieceIndexOutOfRange;
                var begin = BinaryPrimitives.ReadUInt32BigEndian(body[4..]);
                var length = BinaryPrimitives.ReadUInt32BigEndian(body[8..]);
                if (begin > int.MaxValue || length > int.MaxValue - begin || length == 0)
                    return PeerFault.BlockOutOfRange;
                message = new PeerMessage(kind, piece, (int)begin, (int)length);
                return PeerFault.None;
            case PeerMessageKind.Port:
                message = new PeerMessage(kind, Length: BinaryPrimitives.ReadUInt16BigEndian(body));
                return PeerFault.None;
            case PeerMessageKind.Bitfield:
                if (limits.PieceCount > 0 && HasSpareBits(body, limits.PieceCount))
                    return PeerFault.BadBitfield;
                message = new PeerMessage(kind, Payload: body.ToArray());
                return PeerFault.None;
            case PeerMessageKind.Extended:
                message = new PeerMessage(kind, ExtendedId: body[0], Payload: body[1..].ToArray());
                return PeerFault.None;
            case PeerMessageKind.HashRequest or PeerMessageKind.Hashes or PeerMessageKind.HashReject:
                message = new PeerMessage(kind, Payload: body.ToArray());
                return PeerFault.None;
            default:
                return PeerFault.None;
        }
    }

    private static bool TryReadPiece(ReadOnlySpan<byte> body, WireLimits limits, out int piece)
    {
        piece = BinaryPrimitives.ReadInt32BigEndian(body);
        return piece >= 0 && (limits.PieceCount == 0 || piece < limits.PieceCount);
    }

    private static bool HasSpareBits(ReadOnlySpan<byte> bits, int pieceCount)
    {
        var spare = bits.Length * 8 - pieceCount;
        return spare > 0 && (bits[^1] & ((1 << spare) - 1)) != 0;
    }
}
