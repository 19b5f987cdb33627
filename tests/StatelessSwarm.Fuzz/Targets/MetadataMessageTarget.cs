using StatelessSwarm.Engine.Extensions;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary><see cref="MetadataMessage"/> (BEP 9): written and read again, it says the same.</summary>
internal sealed class MetadataMessageTarget : FuzzTarget
{
    public override string Name => "metadata-message";

    public override IReadOnlyList<byte[]> Words => WordsOf("8:msg_typei", "5:piecei", "10:total_sizei", "0e", "ee", "i-1e");

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (MetadataMessage.TryRead(input.ToArray()) is not { } message)
            return;
        Require(message.Piece is >= 0 and <= MetadataMessage.MaxSize / MetadataMessage.PieceSize, "a bounded piece");
        if (message.Kind > MetadataMessageKind.Reject)
            return;
        var again = MetadataMessage.TryRead(message.ToBytes());
        Require(again is { } same && same.Kind == message.Kind && same.Piece == message.Piece, "it is the same when read again");
        Require(again!.Value.Data.Span.SequenceEqual(message.Data.Span), "its data is the same");
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        yield return ("request", new MetadataMessage(MetadataMessageKind.Request, 3, 0, default).ToBytes());
        yield return ("data", new MetadataMessage(MetadataMessageKind.Data, 0, 5, "12345"u8.ToArray()).ToBytes());
        yield return ("reject", new MetadataMessage(MetadataMessageKind.Reject, 1, 0, default).ToBytes());
    }
}
