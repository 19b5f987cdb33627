using System.Net;
using CsCheck;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Peers;

public sealed class CanonicalPriorityTests
{
    /// <summary>The first two are the vectors of BEP 40.</summary>
    [Theory]
    [InlineData("123.213.32.10:0", "98.76.54.32:0", 0xec2d7224)]
    [InlineData("123.213.32.10:0", "123.213.32.234:0", 0x99568189)]
    [InlineData("1.2.3.4:1", "[2001:db8::1]:1", 0)]
    public void Priority_Vectors(string ours, string theirs, uint expected)
    {
        Assert.Equal(expected, CanonicalPriority.Of(IPEndPoint.Parse(ours), IPEndPoint.Parse(theirs)));
        Assert.Equal(expected, CanonicalPriority.Of(IPEndPoint.Parse(theirs), IPEndPoint.Parse(ours)));
    }

    [Fact]
    public void Priority_BothEnds_ComeToTheSame()
    {
        var endPoints = Gen.Select(Gen.OneOf(Gen.Byte[0, 3].Array[4], Gen.Byte[0, 3].Array[16]), Gen.Int[1, 65535])
            .Select((address, port) => new IPEndPoint(new IPAddress(address), port));
        Gen.Select(endPoints, endPoints)
            .Sample((one, other) => Assert.Equal(CanonicalPriority.Of(one, other), CanonicalPriority.Of(other, one)));
    }

    [Fact]
    public void Priority_OneNetwork_BitsThatTheMaskHidesDoNotCount()
    {
        var ours = IPEndPoint.Parse("10.1.2.3:1");
        Assert.Equal(Of(ours, "11.9.85.1"), Of(ours, "11.9.255.1"));
        Assert.NotEqual(Of(ours, "11.9.85.1"), Of(ours, "11.8.85.1"));
        Assert.NotEqual(Of(ours, "10.1.3.1"), Of(ours, "10.1.9.1"));
        Assert.NotEqual(Of(ours, "10.1.2.1"), Of(ours, "10.1.2.9"));
    }

    /// <summary>Goal: when all places are taken, both ends agree on who gives way, and nobody is dropped for one that ranks below.</summary>
    [Fact]
    public void Connect_AllPlacesTaken_TheLowestPriorityGivesWay()
    {
        var harness = new EngineHarness(change: options => options with { MaxPeers = 3 });
        var local = new IPEndPoint(EngineHarness.LocalAddress, 6881);
        var byRank = Enumerable.Range(1, 20).OrderBy(id => CanonicalPriority.Of(local, new IPEndPoint(new IPAddress([10, 0, 0, (byte)id]), 6881))).ToList();
        var peers = byRank[5..8].Select(id => harness.Connect((byte)id, knowsLocal: true)).ToList();
        Assert.Equal(PeerFault.TooManyPeers, harness.Connect((byte)byRank[4], knowsLocal: true).Fault);
        Assert.Equal(PeerFault.None, harness.Connect((byte)byRank[10], knowsLocal: true).Fault);
        Assert.Equal([PeerFault.TooManyPeers, PeerFault.None, PeerFault.None], peers.Select(peer => peer.Fault));
    }

    [Fact]
    public void Connect_AllPlacesTaken_NeighboursComeBeforeTheRest()
    {
        var harness = new EngineHarness(change: options => options with { MaxPeers = 2 });
        var near = harness.Connect(1, knowsLocal: true);
        var far = harness.Connect(2, PeerReach.Wan, knowsLocal: true);
        Assert.Equal(PeerFault.None, harness.Connect(3, knowsLocal: true).Fault);
        Assert.Equal(PeerFault.TooManyPeers, far.Fault);
        Assert.Equal(PeerFault.TooManyPeers, harness.Connect(4, PeerReach.Wan, knowsLocal: true).Fault);
        Assert.Equal(PeerFault.None, near.Fault);
    }

    [Fact]
    public void Connect_AllPlacesTaken_WhoSendsToUsStays()
    {
        var harness = new EngineHarness(change: options => options with { MaxPeers = 1 });
        var source = harness.Connect(1, PeerReach.Lan, knowsLocal: true).HaveAll().Unchoke();
        Assert.NotEmpty(source.Asked);
        for (byte id = 2; id < 10; id++)
            Assert.Equal(PeerFault.TooManyPeers, harness.Connect(id, knowsLocal: true).Fault);
        Assert.Equal(PeerFault.None, source.Fault);
    }

    private static uint Of(IPEndPoint ours, string theirs) => CanonicalPriority.Of(ours, new IPEndPoint(IPAddress.Parse(theirs), 1));
}
