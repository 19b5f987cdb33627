using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary>
/// <see cref="PeerWire"/>: first byte: number of pieces the limits know (0 for unknown), rest: a stream of frames. What is read is
/// written again and must be the same bytes; a frame cut short must be "incomplete" or the same fault.
/// </summary>
internal sealed class WireTarget : FuzzTarget
{
    private readonly byte[] _written = new byte[2 * 1024 * 1024];

    public override string Name => "wire";

    public override IReadOnlyList<byte[]> Words =>
        [[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 5, 4], [0, 0, 0, 13, 6], [0, 0, 0x40, 9, 7], [0, 0, 0, 49, 21], [0xff, 0xff, 0xff, 0xff]];

    public override long MaxAllocated(int length) => 64 * 1024 + 64L * length;

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
            return;
        var limits = new WireLimits(input[0], MaxBlockLength: 16384);
        var rest = input[1..];
        while (true)
        {
            var status = PeerWire.TryRead(rest, limits, out var message, out var consumed, out var fault);
            Require(status == WireStatus.Fault == (fault != PeerFault.None), "a fault is named exactly when there is one");
            if (status is WireStatus.Fault or WireStatus.Incomplete)
            {
                Require(consumed == 0, "nothing is consumed without a message");
                return;
            }
            Require(consumed >= 4 && consumed <= rest.Length, "a message is consumed whole");
            var size = PeerWire.Write(message, _written);
            Require(_written.AsSpan(0, size).SequenceEqual(rest[..consumed]), $"{message.Kind} is written as it was read");
            CheckCut(rest[..consumed], limits);
            rest = rest[consumed..];
        }
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        var range = new byte[HashRange.Size];
        new HashRange(default, 0, 0, 2, 0).Write(range);
        PeerMessage[] messages =
        [
            new(PeerMessageKind.KeepAlive),
            new(PeerMessageKind.Unchoke),
            new(PeerMessageKind.Have, 3),
            new(PeerMessageKind.Bitfield, Payload: new byte[] { 0xa0 }),
            new(PeerMessageKind.Request, 2, 16384, 16384),
            new(PeerMessageKind.Piece, 2, 16384, 5),
            new(PeerMessageKind.RejectRequest, 2, 0, 1),
            new(PeerMessageKind.Port, Length: 6881),
            new(PeerMessageKind.Extended, ExtendedId: 1, Payload: "d1:md11:ut_metadatai1eee"u8.ToArray()),
            new(PeerMessageKind.HashRequest, Payload: range),
            new(PeerMessageKind.Hashes, Payload: (byte[])[.. range, .. new byte[64]]),
        ];
        yield return ("all", [8, .. messages.SelectMany(Bytes)]);
        foreach (var message in messages)
            yield return (message.Kind.ToString().ToLowerInvariant(), [(byte)(message.Kind == PeerMessageKind.Bitfield ? 3 : 0), .. Bytes(message)]);
    }

    internal static byte[] Bytes(PeerMessage message)
    {
        var bytes = new byte[PeerWire.SizeOf(message)];
        PeerWire.Write(message, bytes);
        return bytes;
    }

    private static void CheckCut(ReadOnlySpan<byte> frame, WireLimits limits)
    {
        for (var length = 0; length < Math.Min(frame.Length, 64); length++)
        {
            var status = PeerWire.TryRead(frame[..length], limits, out _, out _, out _);
            Require(status == WireStatus.Incomplete, "a good frame that is not all there is incomplete");
        }
    }
}
