using StatelessSwarm.Engine.Extensions;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Torrents;

/// <summary>Peers that break no single rule and are hostile all the same: what they cost is bounded, and an honest peer is enough to finish.</summary>
public sealed class PersistentPeerTests
{
    [Fact]
    public void ChokeFlapping_OneAmongTwo_CostsBoundedRequestsAndTheOtherFinishes()
    {
        var harness = new EngineHarness(pieces: 16);
        var flapper = harness.Connect(1).HaveAll();
        for (var flip = 0; flip < 200; flip++)
        {
            flapper.Unchoke();
            flapper.Say(PeerMessageKind.Choke);
            harness.Pass(0.01);
        }
        Assert.Equal(PeerFault.None, flapper.Fault);
        Finish(harness);
        Assert.Equal(0, harness.Engine.Status.WastedBytes);
    }

    [Fact]
    public void ChokeFlapping_FasterThanAnyoneNeeds_IsAFlood()
    {
        var harness = new EngineHarness(pieces: 16);
        var flapper = harness.Connect(1).HaveAll();
        for (var flip = 0; flip < 300 && flapper.Fault == PeerFault.None; flip++)
        {
            flapper.Unchoke();
            flapper.Say(PeerMessageKind.Choke);
        }
        Assert.Equal(PeerFault.Flood, flapper.Fault);
        Finish(harness);
    }

    /// <summary>Goal: HAVE for everything and REJECT for every request costs little. Method: 60 s of it, counted; then an honest peer.</summary>
    [Fact]
    public void LyingHave_RejectsEverything_IsAskedRarelyAndOthersFinish()
    {
        var harness = new EngineHarness(pieces: 8);
        var liar = harness.Connect(1).Have([.. EngineHarness.All(8)]).Unchoke();
        var answered = 0;
        for (var step = 0; step < 600; step++)
        {
            foreach (var request in liar.HeardOf(PeerMessageKind.Request).Skip(answered).ToList())
            {
                answered++;
                liar.Say(PeerMessageKind.RejectRequest, request.Piece, request.Begin, request.Length);
            }
            harness.Pass(0.1);
        }
        // The window (32 blocks) once per pause, which grows to 4 s.
        Assert.InRange(answered, 33, 1000);
        Finish(harness);
    }

    [Fact]
    public void LyingHave_DeliversNothing_IsDroppedAndOthersFinish()
    {
        var harness = new EngineHarness(pieces: 8);
        var liar = harness.Connect(1).HaveAll().Unchoke();
        harness.Pass(60);
        Assert.Equal(PeerFault.Stalled, liar.Fault);
        Finish(harness);
    }

    [Fact]
    public void Bitfield_AgainAndAgainWithOtherContent_KeepsTheCountsRight()
    {
        var harness = new EngineHarness(pieces: 8);
        var peer = harness.Connect(1);
        for (var time = 0; time < 200; time++)
            peer.Say(PeerMessageKind.Bitfield, payload: [(byte)(time * 37 % 256)]);
        peer.Say(PeerMessageKind.HaveNone).Say(PeerMessageKind.HaveAll).Say(PeerMessageKind.Bitfield, payload: [0]);
        Assert.Equal(PeerFault.None, peer.Fault);
        Assert.Equal(PeerMessageKind.NotInterested, peer.Heard.Last(message => message.Kind is PeerMessageKind.Interested or PeerMessageKind.NotInterested).Kind);
        Finish(harness);
    }

    [Theory]
    [InlineData(ExtensionIds.Handshake, 'l')]
    [InlineData(ExtensionIds.Handshake, 'd')]
    [InlineData(ExtensionIds.Metadata, 'l')]
    [InlineData(ExtensionIds.Metadata, 'd')]
    [InlineData(ExtensionIds.Claims, 'l')]
    public void Extended_BencodeBomb_EndsTheConnectionAtNoCost(byte id, char what)
    {
        var harness = new EngineHarness();
        var peer = harness.Connect(1).Hello();
        var bomb = Enumerable.Repeat((byte)what, 1024 * 1024).ToArray();
        var before = GC.GetAllocatedBytesForCurrentThread();
        harness.Engine.MessageReceived(peer.Handle, new PeerMessage(PeerMessageKind.Extended, ExtendedId: id, Payload: bomb));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256 * 1024);
        harness.Drain();
        Assert.Equal(PeerFault.BadExtension, peer.Fault);
    }

    [Fact]
    public void Extended_IdsOfThePeersOwnMap_AreIgnored()
    {
        var harness = new EngineHarness();
        var peer = harness.Connect(1).Hello();
        var heard = peer.Heard.Count();
        var request = new MetadataMessage(MetadataMessageKind.Request, 0, 0, default).ToBytes();
        peer.Say(PeerMessageKind.Extended, payload: request, extended: ScriptedPeer.MetadataId);
        peer.Say(PeerMessageKind.Extended, payload: [0xff], extended: ScriptedPeer.ClaimsId);
        Assert.Equal(PeerFault.None, peer.Fault);
        Assert.Equal(heard, peer.Heard.Count());
    }

    [Fact]
    public void Extended_IdsThePeerDidNotName_AreNeverSentToIt()
    {
        var harness = new EngineHarness(verified: [0]);
        var peer = harness.Connect(1).HaveAll().Unchoke();
        peer.Say(PeerMessageKind.Extended, payload: "d1:mdee"u8.ToArray());
        peer.Say(PeerMessageKind.Extended, payload: new MetadataMessage(MetadataMessageKind.Request, 0, 0, default).ToBytes(), extended: ExtensionIds.Metadata);
        harness.Connect(2).Say(PeerMessageKind.HaveNone).Hello().Unchoke();
        harness.Pass(5);
        Assert.All(peer.HeardOf(PeerMessageKind.Extended), message => Assert.Equal(ExtensionIds.Handshake, message.ExtendedId));
    }

    [Fact]
    public void Metadata_RequestsWithoutEnd_AreAFlood()
    {
        var harness = new EngineHarness();
        var peer = harness.Connect(1).Hello();
        var request = new MetadataMessage(MetadataMessageKind.Request, 0, 0, default).ToBytes();
        for (var time = 0; time < 500 && peer.Fault == PeerFault.None; time++)
            peer.Say(PeerMessageKind.Extended, payload: request, extended: ExtensionIds.Metadata);
        Assert.Equal(PeerFault.Flood, peer.Fault);
    }

    /// <summary>
    /// Goal: aria2's flood rule (two changes within five seconds) never sees us. Method: six peers, two slots; all come, want, stop wanting
    /// and go for two minutes; per peer the time between any two of our CHOKE and UNCHOKE is measured.
    /// </summary>
    [Fact]
    public void Choker_PeersThatComeWantAndGo_NoneIsChokedAndUnchokedWithinTenSeconds()
    {
        var harness = new EngineHarness(verified: EngineHarness.All(8), change: options => options with { UploadSlots = 2 });
        var peers = Enumerable.Range(1, 6).Select(id => harness.Connect((byte)id)).ToList();
        var changes = peers.ToDictionary(peer => peer.Handle, _ => new List<double>());
        var random = new Random(5);
        var seen = 0;
        for (var step = 0; step < 1200; step++)
        {
            var peer = peers[random.Next(peers.Count)];
            peer.Say(random.Next(2) == 0 ? PeerMessageKind.Interested : PeerMessageKind.NotInterested);
            if (step == 300)
                peers[0].Leave();
            harness.Pass(0.1);
            for (; seen < harness.Commands.Count; seen++)
            {
                var command = harness.Commands[seen];
                if (command.Message.Kind is (PeerMessageKind.Choke or PeerMessageKind.Unchoke) && command.Kind == EngineCommandKind.Send)
                    changes[command.Peer].Add(step * 0.1);
            }
        }
        Assert.Contains(changes.Values, times => times.Count > 4);
        Assert.All(changes.Values, times => Assert.All(times.Zip(times.Skip(1)), pair => Assert.True(pair.Second - pair.First >= 9.9, string.Join(' ', times))));
    }

    private static void Finish(EngineHarness harness)
    {
        var honest = harness.Connect(99).HaveAll().Unchoke();
        for (var round = 0; round < 100 && !harness.Engine.IsComplete; round++)
        {
            honest.Serve();
            harness.Pass(1);
        }
        Assert.True(harness.Engine.IsComplete);
    }
}
