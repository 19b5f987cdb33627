using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Extensions;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Uploading;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Uploading;

public sealed class SuperSeedingTests
{
    [Fact]
    public void Greeting_LooksLikeAPeerWithNothing()
    {
        var heard = New(100).Connect(1).Heard.ToList();
        Assert.Equal(PeerMessageKind.HaveNone, heard[0].Kind);
        Assert.DoesNotContain(heard, message => message.Kind is PeerMessageKind.HaveAll or PeerMessageKind.Bitfield);
        Assert.False(ExtensionHandshake.TryRead(heard[1].Payload)!.IsUploadOnly);
        Assert.Empty(New(100).Connect(1, isFast: false).HeardOf(PeerMessageKind.Bitfield));
    }

    [Fact]
    public void Reveal_EveryPeer_GetsPiecesOfItsOwn()
    {
        var harness = New(100);
        MakeBusy(harness);
        var peers = Join(harness, 4);
        var shown = peers.SelectMany(Shown).ToList();
        Assert.All(peers, peer => Assert.Equal(SuperSeeder.Credit, Shown(peer).Count));
        Assert.Equal(shown.Count, shown.Distinct().Count());
    }

    [Fact]
    public void Request_PieceThatWasNotRevealed_IsRejected()
    {
        var harness = New(100);
        var peers = Join(harness, 2);
        var (own, other) = (Shown(peers[0])[0], Shown(peers[1])[0]);
        Assert.Single(peers[0].Request(own).SentBlocks);
        Assert.Single(peers[0].Request(other).HeardOf(PeerMessageKind.RejectRequest));
        Assert.Single(peers[0].SentBlocks);
    }

    [Fact]
    public void Reveal_NextOne_WhenTheEarlierIsSeenElsewhere()
    {
        var harness = New(100);
        MakeBusy(harness);
        var peers = Join(harness, 2);
        var first = Shown(peers[0])[0];
        for (var begin = 0; begin < EngineHarness.PieceLength; begin += BlockRange.BlockSize)
            peers[0].Request(first, begin);
        foreach (var sent in harness.Unsent.Where(command => command.Peer == peers[0].Handle).ToList())
            harness.Engine.BlockSent(sent.Peer, sent.Block);
        harness.Drain();
        peers[0].Have(first);
        Assert.Equal(SuperSeeder.Credit, Shown(peers[0]).Count);
        peers[1].Have(first);
        Assert.Equal(SuperSeeder.Credit + 1, Shown(peers[0]).Count);
    }

    [Fact]
    public void Reveal_IdleUplink_GoesOnBeyondTheCredit()
    {
        var harness = New(100);
        var peer = Join(harness, 1)[0];
        for (var piece = 0; piece < 50; piece++)
        {
            var next = Shown(peer)[piece];
            Take(harness, peer, next);
            peer.Have(next);
        }
        Assert.Equal(PeerFault.None, peer.Fault);
        Assert.True(Shown(peer).Count > 50);
    }

    [Fact]
    public void Reveal_PieceOfAPeerThatLeft_GoesToAnother()
    {
        var harness = New(8);
        var peers = Join(harness, 2);
        Assert.Equal(8, peers.Sum(peer => Shown(peer).Count));
        var left = Shown(peers[0]);
        peers[0].Leave();
        harness.Pass(1);
        Assert.Empty(left.Except(Shown(peers[1])));
    }

    [Fact]
    public void Reveal_PieceThatNobodyFinishes_GoesToAnotherAfterAWhile()
    {
        var harness = New(8);
        var peers = Join(harness, 2);
        var stuck = Shown(peers[0]);
        Assert.Empty(stuck.Intersect(Shown(peers[1])));
        harness.Pass(SuperSeeder.StaleMs / 1000 + 2);
        Assert.NotEmpty(stuck.Intersect(Shown(peers[1])));
    }

    [Fact]
    public void End_SwarmHoldsEveryPiece_TheRestIsRevealedAndServed()
    {
        var harness = New(8);
        var peers = Join(harness, 2);
        foreach (var peer in peers)
            peer.Have([.. Shown(peer)]);
        Assert.Equal(Enumerable.Range(0, 8), Shown(peers[0]).Order());
        Assert.True(ExtensionHandshake.TryRead(peers[0].HeardOf(PeerMessageKind.Extended).Last().Payload)!.IsUploadOnly);
        var late = harness.Connect(9);
        Assert.Equal(PeerMessageKind.HaveAll, late.Heard.First().Kind);
        Assert.Single(late.Request(3).SentBlocks);
    }

    [Fact]
    public void End_AnotherSeedIsThere_AtOnce()
    {
        var harness = New(8);
        var leech = Join(harness, 1)[0];
        harness.Connect(2).HaveAll();
        Assert.Equal(Enumerable.Range(0, 8), Shown(leech).Order());
    }

    [Fact]
    public void Incomplete_SaysWhatItHas() =>
        Assert.Equal(
            PeerMessageKind.Bitfield,
            new EngineHarness(verified: [1], change: options => options with { SuperSeeds = true }).Connect(1).Heard.First().Kind
        );

    private static EngineHarness New(int pieces) =>
        new(pieces, EngineHarness.All(pieces), change: options => options with { SuperSeeds = true, UsesClaims = false });

    private static ScriptedPeer[] Join(EngineHarness harness, int count)
    {
        var peers = Enumerable.Range(1, count).Select(id => harness.Connect((byte)id)).ToArray();
        foreach (var peer in peers)
            peer.Say(PeerMessageKind.HaveNone).Say(PeerMessageKind.Interested);
        return peers;
    }

    /// <summary>Somebody else is being served all the time, so that the uplink is not idle.</summary>
    private static void MakeBusy(EngineHarness harness)
    {
        var other = harness.Connect(99).Say(PeerMessageKind.HaveNone);
        other.Request(Shown(other)[0]);
    }

    private static void Take(EngineHarness harness, ScriptedPeer peer, int piece)
    {
        for (var begin = 0; begin < EngineHarness.PieceLength; begin += BlockRange.BlockSize)
            peer.Request(piece, begin);
        harness.ReportSent();
    }

    private static List<int> Shown(ScriptedPeer peer) => [.. peer.HeardOf(PeerMessageKind.Have).Select(message => message.Piece)];
}
