using System.Net;
using System.Text;
using StatelessSwarm.Engine.Extensions;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Extensions;

public sealed class PeerExchangeTests
{
    private static readonly IPEndPoint Heard = IPEndPoint.Parse("10.0.0.77:7000");

    [Fact]
    public void Told_SoonThenOnceAMinute_OnlyWhatChanged()
    {
        var harness = new EngineHarness();
        var peer = harness.Connect(1).Hello();
        var second = harness.Connect(2).Hello(port: 7002);
        harness.Connect(3, isOutgoing: true).HaveAll().Hello();
        harness.Pass(3);
        var first = Assert.Single(peer.PexHeard);
        Assert.Equal(
            [
                new PexPeer(IPEndPoint.Parse("10.0.0.2:7002"), PexFlags.Near),
                new PexPeer(IPEndPoint.Parse("10.0.0.3:6881"), PexFlags.Seed | PexFlags.Reachable | PexFlags.Near),
            ],
            first.Added
        );
        Assert.Empty(first.Dropped);
        second.Leave();
        harness.Connect(4, isOutgoing: true);
        KeepAlive(harness, 50, peer);
        Assert.Single(peer.PexHeard);
        KeepAlive(harness, 15, peer);
        var next = peer.PexHeard[1];
        Assert.Equal(IPEndPoint.Parse("10.0.0.4:6881"), next.Added.Single().EndPoint);
        Assert.Equal([IPEndPoint.Parse("10.0.0.2:7002")], next.Dropped);
        KeepAlive(harness, 70, peer);
        Assert.Equal(2, peer.PexHeard.Count);
    }

    [Fact]
    public void Told_PeersWhosePortIsUnknownOrTheAskerItself_AreLeftOut()
    {
        var harness = new EngineHarness();
        var peer = harness.Connect(1, isOutgoing: true).Hello();
        harness.Connect(2).Hello(port: 0);
        harness.Pass(10);
        Assert.Empty(peer.PexHeard);
    }

    [Fact]
    public void Told_ManyPeers_AtMostFiftyAtATime()
    {
        var harness = new EngineHarness();
        var peer = harness.Connect(1).Hello();
        var others = Enumerable.Range(110, 70).Select(id => harness.Connect((byte)id, isOutgoing: true)).ToArray();
        harness.Pass(3);
        Assert.Equal(50, peer.PexHeard.Single().Added.Count);
        KeepAlive(harness, 62, [peer, .. others]);
        Assert.Equal(20, peer.PexHeard[1].Added.Count);
        Assert.Empty(peer.PexHeard[0].Added.Intersect(peer.PexHeard[1].Added));
        foreach (var other in others)
            other.Leave();
        KeepAlive(harness, 62, peer);
        Assert.Equal((0, 50), (peer.PexHeard[2].Added.Count, peer.PexHeard[2].Dropped.Count));
    }

    [Fact]
    public void Told_AfterThePeerWithdrewTheName_Nothing()
    {
        var harness = new EngineHarness();
        var peer = harness.Connect(1).Hello();
        peer.Say(PeerMessageKind.Extended, payload: Encoding.ASCII.GetBytes("d1:md6:ut_pexi0eee"));
        harness.Connect(3, isOutgoing: true);
        harness.Pass(10);
        Assert.Empty(peer.PexHeard);
    }

    /// <summary>Private addresses are for neighbours, loopback addresses for this machine.</summary>
    [Theory]
    [InlineData("10.0.0.1", PeerReach.Lan, "10.0.0.9", true)]
    [InlineData("10.0.0.1", PeerReach.Lan, "93.184.216.34", true)]
    [InlineData("93.184.216.1", PeerReach.Wan, "10.0.0.9", false)]
    [InlineData("93.184.216.1", PeerReach.Wan, "172.20.0.9", false)]
    [InlineData("93.184.216.1", PeerReach.Wan, "192.168.1.9", false)]
    [InlineData("93.184.216.1", PeerReach.Wan, "100.64.0.9", false)]
    [InlineData("93.184.216.1", PeerReach.Wan, "fd00::9", false)]
    [InlineData("10.2.0.1", PeerReach.Wan, "10.0.0.9", false)]
    [InlineData("93.184.216.1", PeerReach.Wan, "93.184.216.34", true)]
    [InlineData("93.184.216.1", PeerReach.Wan, "2001:db8::9", true)]
    [InlineData("10.0.0.1", PeerReach.Lan, "127.0.0.1", false)]
    [InlineData("10.0.0.1", PeerReach.Lan, "fe80::9", false)]
    [InlineData("127.0.0.1", PeerReach.Lan, "127.0.0.9", true)]
    public void Scope_WhoMayHearOfWhom_HoldsBothWays(string asker, PeerReach reach, string subject, bool isShared)
    {
        var harness = new EngineHarness();
        var peer = harness.Connect(1, reach, address: asker).Hello();
        harness.Connect(2, PeerReach.Lan, isOutgoing: true, address: subject);
        harness.Pass(10);
        Assert.Equal(isShared, peer.PexHeard.Count == 1);
        peer.Tell(new IPEndPoint(IPAddress.Parse(subject), 7777));
        Assert.Equal(isShared ? 1 : 0, harness.Count(EngineCommandKind.PeerHeard));
        Assert.Equal(PeerFault.None, peer.Fault);
    }

    [Theory]
    [InlineData("0.0.0.0:5")]
    [InlineData("10.0.0.9:0")]
    [InlineData("224.0.0.1:5")]
    [InlineData("255.255.255.255:5")]
    [InlineData("[::]:5")]
    [InlineData("[ff02::1]:5")]
    [InlineData("[::ffff:10.0.0.9]:5")]
    [InlineData("10.0.0.250:6881")] // our own
    public void Heard_AddressThatIsNoPeers_IsPassedOver(string endPoint)
    {
        var harness = new EngineHarness();
        var peer = harness.Connect(1, knowsLocal: true).Tell(IPEndPoint.Parse(endPoint));
        Assert.Equal(0, harness.Count(EngineCommandKind.PeerHeard));
        Assert.Equal(PeerFault.None, peer.Fault);
    }

    [Fact]
    public void Heard_Peer_GoesToTheShellAndIsConnectedWhenItSaysWhereItIs()
    {
        var harness = new EngineHarness();
        harness.Connect(1).Tell(Heard);
        Assert.Equal(Heard, harness.Commands.Single(command => command.Kind == EngineCommandKind.PeerHeard).EndPoint);
        harness.Engine.PeerDiscovered(Heard, PeerSource.Exchange, PeerReach.Lan);
        harness.Drain();
        Assert.Equal(Heard, harness.Commands.Single(command => command.Kind == EngineCommandKind.Connect).EndPoint);
    }

    [Fact]
    public void Heard_TooOften_IsIgnoredThenEndsTheConnection()
    {
        var harness = new EngineHarness();
        var peer = harness.Connect(1);
        for (byte time = 0; time <= PeerExchange.MaxTooSoon; time++)
            peer.Tell(new IPEndPoint(new IPAddress([10, 0, 1, time]), 1));
        Assert.Equal(PeerFault.None, peer.Fault);
        Assert.Equal(1, harness.Count(EngineCommandKind.PeerHeard));
        Assert.Equal(PeerFault.Flood, peer.Tell(Heard).Fault);
    }

    [Fact]
    public void Heard_EveryMinute_IsTakenUpToALimit()
    {
        var harness = new EngineHarness();
        var peer = harness.Connect(1);
        for (byte time = 0; time < 8; time++)
        {
            peer.Tell([.. Enumerable.Range(0, 100).Select(number => new IPEndPoint(new IPAddress([10, 1, time, (byte)number]), 1))]);
            KeepAlive(harness, 60, peer);
        }
        Assert.Equal(PeerFault.None, peer.Fault);
        Assert.Equal(PeerExchange.MaxTaken, harness.Count(EngineCommandKind.PeerHeard));
    }

    [Fact]
    public void Heard_BrokenMessage_EndsTheConnection()
    {
        var peer = new EngineHarness().Connect(1);
        peer.Say(PeerMessageKind.Extended, payload: Encoding.ASCII.GetBytes("d5:added5:12345e"), extended: ExtensionIds.Pex);
        Assert.Equal(PeerFault.BadExtension, peer.Fault);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void PrivateTorrentOrSwitchedOff_NothingIsOfferedToldOrTaken(bool isPrivate)
    {
        var harness = new EngineHarness(
            torrent: new Testing.Torrents.SyntheticTorrent(8 * EngineHarness.PieceLength, EngineHarness.PieceLength, isPrivate: isPrivate),
            change: options => options with { UsesExchange = isPrivate }
        );
        var peer = harness.Connect(1).Hello();
        Assert.Null(ExtensionHandshake.TryRead(peer.HeardOf(PeerMessageKind.Extended).First().Payload)!.PexId);
        harness.Connect(3, isOutgoing: true);
        harness.Pass(10);
        peer.Tell(Heard);
        Assert.Empty(peer.PexHeard);
        Assert.Equal(0, harness.Count(EngineCommandKind.PeerHeard));
    }

    private static void KeepAlive(EngineHarness harness, int seconds, params ScriptedPeer[] peers)
    {
        for (; seconds > 0; seconds -= 5)
        {
            harness.Pass(Math.Min(seconds, 5));
            foreach (var peer in peers)
                peer.Say(PeerMessageKind.KeepAlive);
        }
    }
}
