using System.Net;
using StatelessSwarm.Engine.Extensions;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Peers;

/// <summary>Members of one site in other subnets are near by agreement; strangers are not, whatever they say.</summary>
public sealed class SiteTests
{
    private static readonly SiteId Ours = SiteId.Of("Berlin")!.Value;
    private static readonly SiteId Theirs = SiteId.Of("Hamburg")!.Value;

    private static EngineHarness Harness(int pieces = 2) => new(pieces, change: options => options with { Site = Ours });

    /// <summary>A peer of another subnet, by its addresses perhaps of our site, that wants everything and has nothing.</summary>
    private static ScriptedPeer Routed(EngineHarness harness, byte id, SiteId? site, bool mayShareSite = true) =>
        harness.Connect(id, PeerReach.Wan, mayShareSite: mayShareSite).Say(PeerMessageKind.HaveNone).Hello(site: site).Unchoke();

    [Theory]
    [InlineData("Berlin", "berlin ", true)]
    [InlineData("Berlin", "Berlin 2", false)]
    public void Id_Name_IsTheSameWithoutCaseAndSpaceAround(string first, string second, bool isSame)
    {
        Assert.Equal(isSame, SiteId.Of(first) == SiteId.Of(second));
        var id = SiteId.Of(first)!.Value;
        Assert.Equal(id, SiteId.TryRead(id.ToBytes()));
        Assert.True(SiteId.TryParse(id.ToString(), out var parsed));
        Assert.Equal(id, parsed);
    }

    [Fact]
    public void Id_Wire_IsFrozenAndNothingElseIsRead()
    {
        Assert.Equal("d32e57eede5bb990", SiteId.Of("berlin")!.Value.ToString()[..16]);
        Assert.Null(SiteId.Of("  "));
        Assert.Null(SiteId.TryRead(new byte[15]));
        Assert.Null(SiteId.TryRead(new byte[17]));
        Assert.False(SiteId.TryParse("12", out _));
        Assert.False(SiteId.TryParse(new string('g', 32), out _));
        Assert.False(SiteId.TryParse(new string('0', 33), out _));
    }

    [Fact]
    public void Member_InAnotherSubnet_IsNear()
    {
        var harness = Harness(pieces: 1);
        var member = Routed(harness, 200, Ours);
        Assert.Equal(EngineCommandKind.PeerNear, Assert.Single(harness.Commands, command => command.Kind == EngineCommandKind.PeerNear).Kind);
        Assert.Equal(Ours, member.HellosHeard[0].Site);
        // It is told what we claim, and its claims hold.
        var seed = harness.Connect(1, PeerReach.Wan).HaveAll().Unchoke();
        Assert.Equal([0], member.ClaimsHeard);
        member.Claim(0, 4);
        harness.Pass(1);
        Assert.Empty(seed.Asked);
        // What it has is asked of it, and counted as LAN traffic.
        member.Have(0);
        member.Serve();
        Assert.True(harness.Engine.IsComplete);
        Assert.Equal(EngineHarness.PieceLength, harness.Engine.Status.ReceivedLanBytes);
        Assert.Equal(0, harness.Engine.Status.ReceivedWanBytes);
    }

    [Fact]
    public void Member_AskedBeforeItSaidSo_KeepsItsRequestsAndFreesTheCommonWindow()
    {
        var harness = Harness(pieces: 8);
        var member = harness.Connect(200, PeerReach.Wan, mayShareSite: true).HaveAll().Unchoke();
        var asked = member.Asked.Count;
        Assert.InRange(asked, 1, 16);
        member.Hello(site: Ours);
        Assert.Equal(EngineCommandKind.PeerNear, Assert.Single(harness.Commands, command => command.Kind == EngineCommandKind.PeerNear).Kind);
        Assert.Empty(member.HeardOf(PeerMessageKind.Cancel));
        member.Serve();
        Assert.True(harness.Engine.IsComplete);
        Assert.Equal(0, harness.Engine.Status.WastedBytes);
    }

    /// <summary>
    /// Goal: who claims our site's name from the internet gets nothing by it. Method: it says our site, claims every piece and
    /// names itself complete; it must hear neither our site nor our claims, and hold nothing up.
    /// </summary>
    [Fact]
    public void Stranger_WithOurSitesName_StaysFarAndHoldsNothingUp()
    {
        var harness = Harness(pieces: 1);
        var stranger = Routed(harness, 50, Ours, mayShareSite: false);
        stranger.Claim(0, 3);
        Assert.Equal(0, harness.Count(EngineCommandKind.PeerNear));
        Assert.All(stranger.HellosHeard, hello => Assert.Null(hello.Site));
        var seed = harness.Connect(1, PeerReach.Wan).HaveAll().Unchoke();
        harness.Pass(0.05);
        Assert.Equal(4, seed.Asked.Count);
        Assert.Empty(stranger.ClaimsHeard);
        stranger.Say(PeerMessageKind.Have, 0);
        Assert.Equal(4, seed.Asked.Count);
    }

    [Fact]
    public void Stranger_SaysItAgainAndAgain_StaysFar()
    {
        var harness = Harness();
        var stranger = Routed(harness, 50, null, mayShareSite: false);
        for (var time = 0; time < 10; time++)
            stranger.Hello(site: Ours);
        Assert.Equal(0, harness.Count(EngineCommandKind.PeerNear));
    }

    [Fact]
    public void OtherSite_OnAPrivateWan_StaysFar()
    {
        var harness = Harness();
        Routed(harness, 50, Theirs);
        Routed(harness, 51, null);
        Assert.Equal(0, harness.Count(EngineCommandKind.PeerNear));
    }

    [Fact]
    public void NoNameOfOurs_NobodyIsNearByIt()
    {
        var harness = new EngineHarness();
        var peer = harness.Connect(50, PeerReach.Wan, mayShareSite: true).Hello(site: Ours);
        Assert.Equal(0, harness.Count(EngineCommandKind.PeerNear));
        Assert.Null(peer.HellosHeard[0].Site);
    }

    [Fact]
    public void Neighbour_WithAnotherSitesName_IsNearAllTheSame()
    {
        // Multicast and one network say more than a name that somebody forgot to change.
        var harness = Harness(pieces: 1);
        var neighbour = harness.Connect(200).Say(PeerMessageKind.HaveNone).Hello(site: Theirs).Unchoke();
        harness.Connect(1, PeerReach.Wan).HaveAll().Unchoke();
        Assert.Equal([0], neighbour.ClaimsHeard);
    }

    [Fact]
    public void Exchange_Member_IsToldAsSuchToMembersOnly()
    {
        var harness = Harness();
        var neighbour = harness.Connect(200, isOutgoing: true).Hello();
        var routed = harness.Connect(201, PeerReach.Wan, isOutgoing: true, address: "10.9.0.1", mayShareSite: true).Hello(site: Ours);
        var far = harness.Connect(202, PeerReach.Wan, isOutgoing: true, address: "203.0.113.9").Hello();
        var foreign = harness.Connect(203, isOutgoing: true).Hello(claims: false);
        harness.Pass(3);
        var told = neighbour.PexHeard.Single().Added.ToDictionary(peer => peer.EndPoint.ToString(), peer => peer.Flags.HasFlag(PexFlags.Near));
        Assert.True(told["10.9.0.1:6881"]);
        Assert.True(told["10.0.0.203:6881"]);
        Assert.False(told["203.0.113.9:6881"]);
        Assert.All(routed.PexHeard.Single().Added, peer => Assert.Equal(!peer.EndPoint.Address.Equals(IPAddress.Parse("203.0.113.9")), peer.Flags.HasFlag(PexFlags.Near)));
        Assert.All(foreign.PexHeard.Single().Added, peer => Assert.False(peer.Flags.HasFlag(PexFlags.Near)));
        Assert.DoesNotContain(far.PexHeard.SelectMany(message => message.Added), peer => peer.Flags.HasFlag(PexFlags.Near));
    }

    [Fact]
    public void Exchange_NearByTheWordOfAMember_IsPassedOnWithIt()
    {
        var harness = Harness();
        var heard = IPEndPoint.Parse("10.9.0.7:6881");
        harness.Connect(200).Hello().Tell(new PexPeer(heard, PexFlags.Near), new PexPeer(IPEndPoint.Parse("10.9.0.8:6881"), PexFlags.None));
        Assert.Equal([(heard, true), (IPEndPoint.Parse("10.9.0.8:6881"), false)], Heard(harness));
    }

    [Fact]
    public void Exchange_NearByTheWordOfAStranger_IsNotBelieved()
    {
        var harness = Harness();
        harness.Connect(50, PeerReach.Wan).Hello(site: Ours).Tell(new PexPeer(IPEndPoint.Parse("203.0.113.7:6881"), PexFlags.Near));
        Assert.Equal([(IPEndPoint.Parse("203.0.113.7:6881"), false)], Heard(harness));
    }

    private static IEnumerable<(IPEndPoint EndPoint, bool IsNear)> Heard(EngineHarness harness) =>
        harness.Commands.Where(command => command.Kind == EngineCommandKind.PeerHeard).Select(command => (command.EndPoint!, command.IsNear));
}
