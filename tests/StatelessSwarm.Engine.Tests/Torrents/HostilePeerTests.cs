using CsCheck;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Torrents;

public sealed class HostilePeerTests
{
    private static readonly PeerMessageKind[] Kinds = Enum.GetValues<PeerMessageKind>();

    /// <summary>
    /// Goal: nothing a peer says breaks the engine, and an honest peer beside it still completes the download. Method: random messages
    /// and blocks from three peers, then a good one.
    /// </summary>
    [Fact]
    public void Engine_RandomMessages_NeverThrowsAndStillCompletes() =>
        Gen.Select(
                Gen.ULong,
                Gen.Select(Gen.Int[0, 2], Gen.Int[0, Kinds.Length], Gen.Int[-2, 10], Gen.Int[-1, 5], Gen.Int[0, 3], Gen.Byte.Array[0, 60])
                    .List[0, 120]
            )
            .Sample(
                (seed, steps) =>
                {
                    var harness = new EngineHarness(verified: [0], seed: seed);
                    ScriptedPeer[] peers = [harness.Connect(1), harness.Connect(2, isFast: false), harness.Connect(3).Hello().HaveAll().Unchoke()];
                    var tokens = 0;
                    foreach (var (who, kind, piece, block, size, payload) in steps)
                    {
                        var begin = block * BlockRange.BlockSize;
                        if (kind == Kinds.Length)
                        {
                            var range = new BlockRange(new PieceIndex(Math.Max(piece, 0)), Math.Max(begin, 0), 1 + size * 8192);
                            harness.Engine.BlockReceived(peers[who].Handle, range, default, harness.NextToken());
                            tokens++;
                            harness.Drain();
                        }
                        else
                        {
                            peers[who].Say(Kinds[kind], piece, begin, size * 8192, payload, (byte)size);
                        }
                        if (size == 3)
                            harness.Pass(0.3);
                    }
                    Assert.Equal(tokens, harness.Count(EngineCommandKind.WriteBlock) + harness.Count(EngineCommandKind.DropBlock));
                    foreach (var peer in peers)
                        peer.Leave();
                    var good = harness.Connect(9).HaveAll().Unchoke();
                    for (var round = 0; round < 10 && !harness.Engine.IsComplete; round++)
                    {
                        good.Serve();
                        harness.Pass(0.5);
                    }
                    Assert.True(harness.Engine.IsComplete);
                },
                iter: 300
            );

    [Theory]
    [InlineData(PeerMessageKind.HaveAll)]
    [InlineData(PeerMessageKind.HaveNone)]
    [InlineData(PeerMessageKind.RejectRequest)]
    [InlineData(PeerMessageKind.SuggestPiece)]
    [InlineData(PeerMessageKind.AllowedFast)]
    public void Fast_MessageWithoutTheExtension_EndsTheConnection(PeerMessageKind kind) =>
        Assert.Equal(PeerFault.FastNotNegotiated, new EngineHarness().Connect(1, isFast: false).Say(kind).Fault);

    [Theory]
    [InlineData(new byte[] { 1 }, PeerFault.BadBitfield)] // spare bit, 7 pieces
    [InlineData(new byte[] { 2, 0 }, PeerFault.BadBitfield)]
    [InlineData(new byte[0], PeerFault.BadBitfield)]
    [InlineData(new byte[] { 2 }, PeerFault.None)]
    public void Bitfield_SpareBitsOrLength_EndTheConnection(byte[] bits, PeerFault expected) =>
        Assert.Equal(expected, new EngineHarness(pieces: 7).Connect(1).Say(PeerMessageKind.Bitfield, payload: bits).Fault);

    [Fact]
    public void Have_OutOfRange_EndsTheConnection() =>
        Assert.Equal(PeerFault.PieceIndexOutOfRange, new EngineHarness().Connect(1).Have(8).Fault);

    [Fact]
    public void Have_TheSameOverAndOver_IsAFlood()
    {
        var peer = new EngineHarness().Connect(1);
        for (var time = 0; time < 1009; time++)
            peer.Have(3);
        Assert.Equal(PeerFault.None, peer.Fault);
        Assert.Equal(PeerFault.Flood, peer.Have(3).Fault);
    }

    [Fact]
    public void Control_MoreThanFiveHundredASecond_IsAFlood()
    {
        var harness = new EngineHarness();
        var peer = harness.Connect(1);
        for (var time = 0; time < 500; time++)
            peer.Say(PeerMessageKind.Interested);
        Assert.Equal(PeerFault.None, peer.Fault);
        Assert.Equal(PeerFault.Flood, peer.Say(PeerMessageKind.Interested).Fault);
        var patient = harness.Connect(2);
        for (var time = 0; time < 2000; time++)
        {
            patient.Say(PeerMessageKind.NotInterested);
            harness.Time.Advance(TimeSpan.FromMilliseconds(5));
        }
        Assert.Equal(PeerFault.None, patient.Fault);
    }

    [Fact]
    public void Have_WithChokeAndUnchokeInBetween_NeverLeavesCountsBehind()
    {
        var harness = new EngineHarness(pieces: 4);
        for (byte id = 1; id < 30; id++)
        {
            var peer = harness.Connect(id).Have(id % 4).Unchoke();
            peer.Say(PeerMessageKind.Choke);
            if (id % 2 == 0)
                peer.Unchoke().HaveAll();
            peer.Leave();
        }
        var last = harness.Connect(40).HaveAll().Unchoke();
        last.Serve();
        Assert.True(harness.Engine.IsComplete);
    }
}
