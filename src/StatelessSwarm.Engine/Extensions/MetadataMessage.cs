using StatelessSwarm.Content.Bencoding;

namespace StatelessSwarm.Engine.Extensions;

/// <summary>
/// A <c>ut_metadata</c> message (BEP 9): a bencoded dictionary with <c>msg_type</c>, <c>piece</c> and, for data, <c>total_size</c>; the
/// bytes of a data message follow the dictionary. Pieces are 16 KiB, the last one shorter.
/// </summary>
internal readonly record struct MetadataMessage(MetadataMessageKind Kind, int Piece, int TotalSize, ReadOnlyMemory<byte> Data)
{
    /// <summary>Bytes per piece.</summary>
    public const int PieceSize = 16 * 1024;

    /// <summary>Largest info dictionary exchanged: 16 MiB.</summary>
    public const int MaxSize = 16 * 1024 * 1024;

    /// <summary>Pieces of an info dictionary.</summary>
    public static int PieceCount(int size) => (size + PieceSize - 1) / PieceSize;

    /// <summary>The payload.</summary>
    public byte[] ToBytes()
    {
        var writer = new BencodeWriter();
        writer.StartDictionary();
        writer.WriteEntry("msg_type"u8, (int)Kind);
        writer.WriteEntry("piece"u8, Piece);
        if (Kind == MetadataMessageKind.Data)
            writer.WriteEntry("total_size"u8, TotalSize);
        writer.End();
        return [.. writer.WrittenSpan, .. Data.Span];
    }

    /// <summary>Reads a payload; null when it is broken. A kind that BEP 9 does not know is kept: it is to be ignored.</summary>
    public static MetadataMessage? TryRead(ReadOnlyMemory<byte> payload)
    {
        if (!BencodeValue.TryParsePrefix(payload, out var root, out var consumed) || root.Kind != BencodeKind.Dictionary)
            return null;
        if (!root.TryGet("msg_type"u8, out var kind) || !kind.TryGetInteger(out var kindNumber) || kindNumber is < 0 or > 255)
            return null;
        if (!root.TryGet("piece"u8, out var piece) || !piece.TryGetInteger(out var index) || index is < 0 or > MaxSize / PieceSize)
            return null;
        var hasSize = root.TryGet("total_size"u8, out var total) & total.TryGetInteger(out var size);
        if (!hasSize || size is < 0 or > int.MaxValue)
            size = 0;
        return new MetadataMessage((MetadataMessageKind)kindNumber, (int)index, (int)size, payload[consumed..]);
    }
}
