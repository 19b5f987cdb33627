using CsCheck;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Wire;

public sealed class PeerWireTests
{
    private const int PieceCount = 1003;
    private static readonly WireLimits Limits = new(PieceCount);
    private static readonly Gen<int> PieceGen = Gen.Int[0, PieceCount - 1];

    private static readonly Gen<PeerMessage> MessageGen = Gen.OneOf(
        Any(
                PeerMessageKind.KeepAlive,
                PeerMessageKind.Choke,
                PeerMessageKind.Unchoke,
                PeerMessageKind.Interested,
                PeerMessageKind.NotInterested,
                PeerMessageKind.HaveAll,
                PeerMessageKind.HaveNone
            )
            .Select(kind => new PeerMessage(kind)),
        Gen.Select(
            Any(PeerMessageKind.Have, PeerMessageKind.SuggestPiece, PeerMessageKind.AllowedFast),
            PieceGen,
            (kind, piece) => new PeerMessage(kind, piece)
        ),
        Gen.Select(
            Any(PeerMessageKind.Request, PeerMessageKind.Cancel, PeerMessageKind.RejectRequest),
            PieceGen,
            Gen.Int[0, int.MaxValue / 2],
            Gen.Int[1, int.MaxValue / 2],
            (kind, piece, begin, length) => new PeerMessage(kind, piece, begin, length)
        ),
        Gen.Select(
            PieceGen,
            Gen.Int[0, int.MaxValue],
            Gen.Int[1, 128 * 1024],
            (piece, begin, length) => new PeerMessage(PeerMessageKind.Piece, piece, begin, length)
        ),
        Gen.Select(Gen.Byte, Gen.Byte.Array[0, 300], (id, data) => new PeerMessage(PeerMessageKind.Extended, ExtendedId: id, Payload: data)),
        Gen.Select(
            Any(PeerMessageKind.HashRequest, PeerMessageKind.HashReject),
            Gen.Byte.Array[HashRange.Size],
            (kind, data) => new PeerMessage(kind, Payload: data)
        ),
        Gen.Int[1, 40].SelectMany(n => Gen.Byte.Array[HashRange.Size + 32 * n]).Select(data => new PeerMessage(PeerMessageKind.Hashes, Payload: data)),
        Gen.Byte.Array[(PieceCount + 7) / 8]
            .Select(data =>
            {
                data[^1] &= 0xe0;
                return new PeerMessage(PeerMessageKind.Bitfield, Payload: data);
            }),
        Gen.UShort.Select(port => new PeerMessage(PeerMessageKind.Port, Length: port))
    );

    private static Gen<PeerMessageKind> Any(params PeerMessageKind[] kinds) =>
        Gen.Int[0, kinds.Length - 1].Select(index => kinds[index]);

    [Fact]
    public void PeerWire_RoundTrip_IsEqual() =>
        MessageGen.Sample(sent =>
        {
            var bytes = new byte[PeerWire.SizeOf(sent)];
            Assert.Equal(bytes.Length, PeerWire.Write(sent, bytes));
            var status = PeerWire.TryRead(bytes, Limits, out var read, out var consumed, out var fault);
            Assert.Equal(sent.Kind == PeerMessageKind.Piece ? WireStatus.PieceHeader : WireStatus.Message, status);
            Assert.Equal(PeerFault.None, fault);
            Assert.Equal(bytes.Length, consumed);
            Assert.Equal(sent with { Payload = default }, read with { Payload = default });
            Assert.True(sent.Payload.Span.SequenceEqual(read.Payload.Span));
        });

    [Fact]
    public void PeerWire_EveryPrefix_IsIncompleteAndConsumesNothing() =>
        MessageGen.Sample(
            sent =>
            {
                var bytes = new byte[PeerWire.SizeOf(sent)];
                PeerWire.Write(sent, bytes);
                for (var length = 0; length < bytes.Length; length++)
                {
                    var status = PeerWire.TryRead(bytes.AsSpan(0, length), Limits, out _, out var consumed, out _);
                    Assert.Equal(WireStatus.Incomplete, status);
                    Assert.Equal(0, consumed);
                }
            },
            iter: 200
        );

    [Fact]
    public void PeerWire_RandomBytes_NeverThrowAndNeverOverrun() =>
        Gen.Select(Gen.Byte.Array[0, 200], Gen.Int[0, 30], Gen.Bool)
            .Sample(
                (bytes, id, isKnown) =>
                {
                    if (bytes.Length > 4)
                    {
                        bytes.AsSpan(0, 3).Clear();
                        bytes[4] = (byte)id;
                    }
                    var status = PeerWire.TryRead(bytes, isKnown ? Limits : new WireLimits(0), out _, out var consumed, out var fault);
                    Assert.InRange(consumed, 0, bytes.Length);
                    Assert.Equal(status == WireStatus.Fault, fault != PeerFault.None);
                    Assert.Equal(status is WireStatus.Message or WireStatus.PieceHeader, consumed > 0);
                },
                iter: 20_000
            );

    [Theory]
    [InlineData("00000002" + "00", PeerFault.FrameLength)] // choke with a body
    [InlineData("00000004" + "04", PeerFault.FrameLength)] // have of three bytes
    [InlineData("ffffffff" + "04", PeerFault.FrameLength)]
    [InlineData("0000000c" + "06", PeerFault.FrameLength)] // request of 11 bytes
    [InlineData("00000009" + "07", PeerFault.FrameLength)] // piece without data
    [InlineData("00020010" + "07", PeerFault.FrameLength)] // piece beyond 128 KiB
    [InlineData("00000001" + "14", PeerFault.FrameLength)] // extended without id
    [InlineData("00010003" + "14", PeerFault.FrameLength)] // extended beyond 64 KiB
    [InlineData("00000030" + "15", PeerFault.FrameLength)]
    [InlineData("00000031" + "16", PeerFault.FrameLength)] // hashes without a hash
    [InlineData("00000052" + "16", PeerFault.FrameLength)] // hashes with a torn hash
    [InlineData("7fffffff" + "16", PeerFault.FrameLength)]
    [InlineData("00000001" + "0a", PeerFault.FrameLength)] // id of no standard
    [InlineData("0000007e" + "05", PeerFault.BadBitfield)] // one byte short
    [InlineData("00000080" + "05", PeerFault.BadBitfield)] // one byte long
    public void PeerWire_LengthThatItsIdForbids_IsRefusedBeforeTheBodyArrives(string hex, PeerFault expected)
    {
        var status = PeerWire.TryRead(Convert.FromHexString(hex), Limits, out _, out _, out var fault);
        Assert.Equal(WireStatus.Fault, status);
        Assert.Equal(expected, fault);
    }

    [Theory]
    [InlineData("00000005" + "04" + "000003eb", PeerFault.PieceIndexOutOfRange)]
    [InlineData("00000005" + "04" + "ffffffff", PeerFault.PieceIndexOutOfRange)]
    [InlineData("0000000d" + "06" + "000003eb" + "00000000" + "00004000", PeerFault.PieceIndexOutOfRange)]
    [InlineData("0000000d" + "06" + "00000000" + "80000000" + "00004000", PeerFault.BlockOutOfRange)]
    [InlineData("0000000d" + "06" + "00000000" + "7fffffff" + "7fffffff", PeerFault.BlockOutOfRange)]
    [InlineData("0000000d" + "06" + "00000000" + "00000000" + "00000000", PeerFault.BlockOutOfRange)]
    [InlineData("00004009" + "07" + "000003eb" + "00000000", PeerFault.PieceIndexOutOfRange)]
    [InlineData("00004009" + "07" + "00000000" + "ffffffff", PeerFault.BlockOutOfRange)]
    public void PeerWire_NumbersOutOfRange_AreRefused(string hex, PeerFault expected)
    {
        var status = PeerWire.TryRead(Convert.FromHexString(hex), Limits, out _, out _, out var fault);
        Assert.Equal(WireStatus.Fault, status);
        Assert.Equal(expected, fault);
    }

    [Fact]
    public void PeerWire_BitfieldWithSpareBits_IsRefused()
    {
        var payload = new byte[(PieceCount + 7) / 8];
        payload[^1] = 0x10;
        var bytes = new byte[PeerWire.HeaderSize + payload.Length];
        PeerWire.Write(new PeerMessage(PeerMessageKind.Bitfield, Payload: payload), bytes);
        Assert.Equal(WireStatus.Fault, PeerWire.TryRead(bytes, Limits, out _, out _, out var fault));
        Assert.Equal(PeerFault.BadBitfield, fault);
    }

    [Fact]
    public void PeerWire_UnknownPieceCount_TakesAnyBitfieldUpToItsBound()
    {
        var limits = new WireLimits(0);
        byte[] small = [0, 0, 0, 3, 5, 0xff, 0xff];
        byte[] large = [0, 0x10, 0, 2, 5];
        Assert.Equal(WireStatus.Message, PeerWire.TryRead(small, limits, out _, out _, out _));
        Assert.Equal(WireStatus.Fault, PeerWire.TryRead(large, limits, out _, out _, out var fault));
        Assert.Equal(PeerFault.BadBitfield, fault);
    }

    [Fact]
    public void PeerMessageKind_Numbers_AreFrozen()
    {
        (PeerMessageKind, int)[] frozen =
        [
            (PeerMessageKind.KeepAlive, -1), (PeerMessageKind.Choke, 0), (PeerMessageKind.Unchoke, 1),
            (PeerMessageKind.Interested, 2), (PeerMessageKind.NotInterested, 3), (PeerMessageKind.Have, 4),
            (PeerMessageKind.Bitfield, 5), (PeerMessageKind.Request, 6), (PeerMessageKind.Piece, 7),
            (PeerMessageKind.Cancel, 8), (PeerMessageKind.Port, 9), (PeerMessageKind.SuggestPiece, 13),
            (PeerMessageKind.HaveAll, 14), (PeerMessageKind.HaveNone, 15), (PeerMessageKind.RejectRequest, 16),
            (PeerMessageKind.AllowedFast, 17), (PeerMessageKind.Extended, 20), (PeerMessageKind.HashRequest, 21),
            (PeerMessageKind.Hashes, 22), (PeerMessageKind.HashReject, 23),
        ];
        Assert.Equal(Enum.GetValues<PeerMessageKind>().Length, frozen.Length);
        Assert.All(frozen, pair => Assert.Equal(pair.Item2, (int)pair.Item1));
    }
}
