using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Sim.Networks;

/// <summary>A peer message or a block on its way, as small as it can be: hundreds of thousands are under way at a time.</summary>
internal struct Frame
{
    /// <summary>What it is; a block is a Piece.</summary>
    public PeerMessageKind Kind;

    /// <summary>BEP 10 id.</summary>
    public byte ExtendedId;

    /// <summary>A block with wrong data.</summary>
    public bool IsWrong;

    /// <summary>Piece index.</summary>
    public int Piece;

    /// <summary>First byte in the piece.</summary>
    public int Begin;

    /// <summary>Bytes of a block, as the engine counts them.</summary>
    public int Length;

    /// <summary>Bytes of the peer protocol, as the network counts them.</summary>
    public int Size;

    /// <summary>Body of a message that has one.</summary>
    public byte[]? Payload;

    /// <summary>A block.</summary>
    public readonly bool IsBlock => Kind == PeerMessageKind.Piece;

    /// <summary>The block's place.</summary>
    public readonly BlockRange Block => new(new PieceIndex(Piece), Begin, Length);

    /// <summary>The message as the engine takes it.</summary>
    public readonly PeerMessage Message => new(Kind, Piece, Begin, Length, ExtendedId, Payload);

    /// <summary>A message; its payload is never changed.</summary>
    public static Frame Of(in PeerMessage message) =>
        new()
        {
            Kind = message.Kind,
            ExtendedId = message.ExtendedId,
            Piece = message.Piece,
            Begin = message.Begin,
            Length = message.Length,
            Size = PeerWire.SizeOf(message),
            Payload = message.Payload.Length == 0 ? null : Whole(message.Payload),
        };

    /// <summary>A block of <paramref name="grain"/> x 16 KiB.</summary>
    public static Frame Of(BlockRange block, int grain, bool isWrong) =>
        new()
        {
            Kind = PeerMessageKind.Piece,
            IsWrong = isWrong,
            Piece = block.Piece.Value,
            Begin = block.Begin,
            Length = block.Length,
            Size = PeerWire.PieceHeaderSize + block.Length * grain,
        };

    private static byte[] Whole(ReadOnlyMemory<byte> payload) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(payload, out var part) && part.Offset == 0 && part.Count == part.Array!.Length
            ? part.Array
            : payload.ToArray();
}
