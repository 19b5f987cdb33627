using System.Net;
using StatelessSwarm.Engine.Extensions;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Peers;

public sealed class ConnectionTests
{
    [Fact]
    public void Connect_NothingYet_SaysHaveNoneThenExtensionsThenUnchoke()
    {
        var peer = new EngineHarness().Connect(1);
        Assert.Equal(
            [PeerMessageKind.HaveNone, PeerMessageKind.Extended, PeerMessageKind.Unchoke],
            peer.Heard.Select(message => message.Kind)
        );
    }

    [Fact]
    public void Connect_Complete_SaysHaveAll() =>
        Assert.Equal(
            PeerMessageKind.HaveAll,
            new EngineHarness(verified: EngineHarness.All(8)).Connect(1).Heard.First().Kind
        );

    [Fact]
    public void Connect_Partial_SaysBitfieldHighBitFirst()
    {
        var message = new EngineHarness(pieces: 9, verified: [0, 3, 8]).Connect(1).Heard.First();
        Assert.Equal(PeerMessageKind.Bitfield, message.Kind);
        Assert.Equal([0b1001_0000, 0b1000_0000], message.Payload.ToArray());
    }

    [Fact]
    public void Connect_WithoutFast_SaysNoFastMessages()
    {
        var heard = new EngineHarness().Connect(1, isFast: false).Heard.Select(message => message.Kind);
        Assert.DoesNotContain(PeerMessageKind.HaveNone, heard);
        var complete = new EngineHarness(verified: EngineHarness.All(8)).Connect(1, isFast: false).Heard.First();
        Assert.Equal(PeerMessageKind.Bitfield, complete.Kind);
    }

    [Fact]
    public void Connect_ExtensionHandshake_TellsPortQueueSizeAndIds()
    {
        var harness = new EngineHarness();
        var payload = harness.Connect(1).HeardOf(PeerMessageKind.Extended).First().Payload;
        var said = ExtensionHandshake.TryRead(payload)!;
        Assert.Equal(6881, said.Port);
        Assert.Equal(1024, said.RequestQueue);
        Assert.Equal(harness.Torrent.Info.RawBytes.Length, said.MetadataSize);
        Assert.Equal(ExtensionIds.Metadata, said.MetadataId);
        Assert.Equal(ExtensionIds.Claims, said.ClaimsId);
        Assert.Equal(IPAddress.Parse("10.0.0.1"), said.YourAddress);
        Assert.False(said.IsUploadOnly);
        var far = harness.Connect(2, PeerReach.Wan).HeardOf(PeerMessageKind.Extended).First().Payload;
        Assert.Null(ExtensionHandshake.TryRead(far)!.ClaimsId);
    }

    [Fact]
    public void Silence_OtherTimesThanByDefault_AreKept()
    {
        const int silence = 30;
        const int keepAlive = 20;
        var harness = new EngineHarness(change: options =>
            options with
            {
                SilenceTimeout = TimeSpan.FromSeconds(silence),
                KeepAliveInterval = TimeSpan.FromSeconds(keepAlive),
            }
        );
        var peer = harness.Connect(1);
        harness.Pass(keepAlive - 5);
        Assert.Empty(peer.HeardOf(PeerMessageKind.KeepAlive));
        harness.Pass(10);
        Assert.Single(peer.HeardOf(PeerMessageKind.KeepAlive));
        harness.Pass(silence - keepAlive - 10);
        Assert.Equal(PeerFault.None, peer.Fault);
        harness.Pass(10);
        Assert.Equal(PeerFault.Silent, peer.Fault);
    }

    [Fact]
    public void Connect_ToOurselves_IsClosed() =>
        Assert.Equal(PeerFault.SelfConnection, new EngineHarness().Connect(100).Fault);

    /// <summary>Crossing connections: both sides keep the one that the lower id opened.</summary>
    [Theory]
    [InlineData(50, true)]
    [InlineData(50, false)]
    [InlineData(150, true)]
    [InlineData(150, false)]
    public void Connect_CrossingTwins_LowerIdsConnectionStays(byte other, bool oursCameFirst)
    {
        var harness = new EngineHarness();
        var first = harness.Connect(other, isOutgoing: oursCameFirst);
        var second = harness.Connect(other, isOutgoing: !oursCameFirst);
        var ours = oursCameFirst ? first : second;
        var theirs = oursCameFirst ? second : first;
        var kept = other > 100 ? ours : theirs;
        var closed = other > 100 ? theirs : ours;
        Assert.Equal(PeerFault.None, kept.Fault);
        Assert.Equal(PeerFault.DuplicateConnection, closed.Fault);
    }

    [Fact]
    public void Connect_TwinsInOneDirection_OnlyTheOpenerClosesTheNewer()
    {
        var harness = new EngineHarness();
        harness.Connect(1, isOutgoing: true);
        Assert.Equal(PeerFault.DuplicateConnection, harness.Connect(1, isOutgoing: true).Fault);
        harness.Connect(2);
        Assert.Equal(PeerFault.None, harness.Connect(2).Fault);
    }

    [Fact]
    public void Connect_TooMany_IsClosed()
    {
        var harness = new EngineHarness(change: options => options with { MaxPeers = 3 });
        Assert.All(Enumerable.Range(1, 3), id => Assert.Equal(PeerFault.None, harness.Connect((byte)id).Fault));
        Assert.Equal(PeerFault.TooManyPeers, harness.Connect(4).Fault);
    }

    [Fact]
    public void Silence_KeepAliveAfterHundredSecondsDropAfterHundredFifty()
    {
        var harness = new EngineHarness();
        var peer = harness.Connect(1);
        harness.Pass(99);
        Assert.Empty(peer.HeardOf(PeerMessageKind.KeepAlive));
        harness.Pass(2);
        Assert.Single(peer.HeardOf(PeerMessageKind.KeepAlive));
        harness.Pass(44);
        Assert.Equal(PeerFault.None, peer.Fault);
        harness.Pass(10);
        Assert.Equal(PeerFault.Silent, peer.Fault);
    }

    [Fact]
    public void Discovered_Many_AtMostSixteenHalfOpenNeighboursFirst()
    {
        var harness = new EngineHarness();
        for (var number = 1; number <= 60; number++)
        {
            var reach = number <= 30 ? PeerReach.Wan : PeerReach.Lan;
            harness.Engine.PeerDiscovered(new IPEndPoint(new IPAddress([10, 1, 0, (byte)number]), 1), PeerSource.Tracker, reach);
        }
        harness.Drain();
        var connects = harness.Commands.Where(command => command.Kind == EngineCommandKind.Connect).ToList();
        Assert.Equal(16, connects.Count);
        Assert.Equal(16, connects.Select(command => command.EndPoint).Distinct().Count());
        // Eight beyond the WAN were heard of first; from then on only neighbours.
        Assert.Equal(8, connects.Count(command => command.EndPoint!.Address.GetAddressBytes()[3] > 30));
    }

    [Fact]
    public void Discovered_Twice_ConnectsOnceAndRetriesWithGrowingPauses()
    {
        var harness = new EngineHarness();
        var endPoint = new IPEndPoint(IPAddress.Parse("10.1.0.1"), 5);
        var attempts = new List<double>();
        harness.Engine.PeerDiscovered(endPoint, PeerSource.Tracker, PeerReach.Lan);
        harness.Engine.PeerDiscovered(endPoint, PeerSource.Tracker, PeerReach.Lan);
        harness.Drain();
        Assert.Equal(1, harness.Count(EngineCommandKind.Connect));
        for (var attempt = 0; attempt < 6; attempt++)
        {
            var before = harness.Count(EngineCommandKind.Connect);
            harness.Engine.ConnectFailed(endPoint);
            harness.Drain();
            var waited = 0.0;
            for (; harness.Count(EngineCommandKind.Connect) == before && waited < 300; waited += 0.5)
                harness.Pass(0.5);
            attempts.Add(waited);
        }
        for (var attempt = 1; attempt < attempts.Count; attempt++)
            Assert.InRange(attempts[attempt] / attempts[attempt - 1], 1.2, 3.2);
    }

    [Fact]
    public void Discovered_OfAPeerThatConnectedToUs_IsNotConnectedAgain()
    {
        var harness = new EngineHarness();
        harness.Connect(1).Hello(port: 7000);
        harness.Engine.PeerDiscovered(new IPEndPoint(IPAddress.Parse("10.0.0.1"), 7000), PeerSource.Neighbour, PeerReach.Lan);
        harness.Drain();
        Assert.Equal(0, harness.Count(EngineCommandKind.Connect));
    }

    [Fact]
    public void Complete_ForeignSeedsWhenMany_AreDroppedOursAreKept()
    {
        var harness = new EngineHarness(verified: EngineHarness.All(8), change: options => options with { MaxPeers = 4 });
        var foreign = harness.Connect(1).HaveAll();
        var ours = harness.Connect(2).Hello().HaveAll();
        Assert.Equal(PeerFault.None, foreign.Fault);
        var third = harness.Connect(3).HaveAll();
        Assert.Equal(PeerFault.BothComplete, third.Fault);
        Assert.Equal(PeerFault.None, ours.Fault);
    }

    /// <summary>
    /// Goal: two complete nodes of which one knows the other by name, and the other hangs up (many clients do), leave each other alone for ten
    /// minutes, however often somebody tells of the peer. Method: the peer says that it has everything, or that it takes nothing, and leaves.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Complete_NamedCompletePeerThatHangsUp_IsLeftAloneForTenMinutes(bool saysHaveAll)
    {
        var harness = new EngineHarness(verified: EngineHarness.All(8));
        var endPoint = new IPEndPoint(IPAddress.Parse("10.0.0.1"), 6881);
        harness.Engine.PeerDiscovered(endPoint, PeerSource.Manual, PeerReach.Lan);
        harness.Drain();
        Assert.Equal(1, harness.Count(EngineCommandKind.Connect));
        var peer = harness.Connect(1, isOutgoing: true);
        if (saysHaveAll)
            peer.HaveAll();
        else
            peer.Say(PeerMessageKind.Extended, payload: "d11:upload_onlyi1ee"u8.ToArray());
        peer.Leave();
        for (var minute = 0; minute < 10; minute++)
        {
            Assert.Equal(1, harness.Count(EngineCommandKind.Connect));
            harness.Pass(59);
            harness.Engine.PeerDiscovered(endPoint, PeerSource.Neighbour, PeerReach.Lan);
            harness.Drain();
        }
        harness.Pass(60);
        Assert.Equal(2, harness.Count(EngineCommandKind.Connect));
    }

    /// <summary>One that hangs up before it says anything is tried less and less often, also when it is heard of over and over.</summary>
    [Fact]
    public void Complete_NamedPeerThatHangsUpAtOnce_IsTriedLessAndLessOften()
    {
        var harness = new EngineHarness(verified: EngineHarness.All(8));
        var endPoint = new IPEndPoint(IPAddress.Parse("10.0.0.1"), 6881);
        harness.Engine.PeerDiscovered(endPoint, PeerSource.Manual, PeerReach.Lan);
        harness.Drain();
        for (var second = 0; second < 600; second++)
        {
            if (harness.Commands.LastOrDefault(command => command.Kind is EngineCommandKind.Connect or EngineCommandKind.Send).Kind == EngineCommandKind.Connect)
                harness.Connect(1, isOutgoing: true).Leave();
            harness.Pass(1);
            harness.Engine.PeerDiscovered(endPoint, PeerSource.Neighbour, PeerReach.Lan);
            harness.Drain();
        }
        Assert.InRange(harness.Count(EngineCommandKind.Connect), 5, 13);
    }
}
