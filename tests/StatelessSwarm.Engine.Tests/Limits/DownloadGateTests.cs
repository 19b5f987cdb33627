using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Engine.Downloading;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Limits;

/// <summary>Requests and the node's budget, seen from the engine.</summary>
public sealed class DownloadGateTests
{
    private static EngineHarness Start(TransferLimits limits, bool isBackground = false) =>
        new(
            pieces: 32,
            change: options => options with { Budget = new NodeBudget(new FakeTimeProvider()) { IsBackground = isBackground, Limits = limits } }
        );

    private static ScriptedPeer Source(EngineHarness harness, byte id, PeerReach reach = PeerReach.Wan) =>
        harness.Connect(id, reach).HaveAll().Unchoke();

    /// <summary>Two blocks a second: so many requests, and no more pieces claimed than are asked for.</summary>
    [Fact]
    public void Fill_WanDownLimit_PacesRequests()
    {
        var harness = Start(new TransferLimits { WanDown = 32 * 1024 });
        var far = Source(harness, 1);
        var near = harness.Connect(2).Hello();
        harness.Pass(2.9);
        Assert.InRange(far.HeardOf(PeerMessageKind.Request).Count(), 6, 7);
        Assert.InRange(near.ClaimsHeard.Distinct().Count(), 1, 2);
    }

    [Fact]
    public void Fill_WanOff_AsksNeighboursAlone()
    {
        var harness = Start(new TransferLimits { WanDown = 0 });
        var far = Source(harness, 1);
        var near = harness.Connect(2).Have(3).Unchoke();
        harness.Pass(5);
        Assert.Empty(far.Asked);
        Assert.All(near.Asked, asked => Assert.Equal(3, asked.Piece));
        Assert.NotEmpty(near.Asked);
    }

    /// <summary>A far peer that hangs keeps the window of background transfers only until it is known to hang.</summary>
    [Fact]
    public void Fill_BackgroundAndAHangingPeer_OthersAreAskedOnceItIsSnubbed()
    {
        var harness = Start(TransferLimits.None, isBackground: true);
        var hanging = Source(harness, 1);
        harness.Pass(0.5);
        Assert.Equal(2, hanging.Asked.Count);
        var other = Source(harness, 2);
        Assert.Empty(other.Asked);
        harness.Pass(StallWatch.FirstTimeout + 1);
        Assert.NotEmpty(other.Asked);
    }

    /// <summary>While there is a queue on our way, far peers that nothing is asked of hear from us twice a second, neighbours do not.</summary>
    [Fact]
    public void Advance_BackgroundAndAQueue_IdleFarPeersAreProbed()
    {
        var budget = new NodeBudget(new FakeTimeProvider()) { IsBackground = true };
        var harness = new EngineHarness(pieces: 32, change: options => options with { Budget = budget });
        _ = Source(harness, 1);
        var idle = harness.Connect(2, PeerReach.Wan).Unchoke();
        var near = harness.Connect(3).Unchoke();
        budget.MeasureDownloads([new PathSample(1, 20_000, 20_000, 1)]);
        harness.Pass(3);
        Assert.Empty(idle.HeardOf(PeerMessageKind.KeepAlive));
        budget.MeasureDownloads([new PathSample(1, 250_000, 20_000, 100)]);
        harness.Pass(3);
        Assert.InRange(idle.HeardOf(PeerMessageKind.KeepAlive).Count(), 4, 6);
        Assert.Empty(near.HeardOf(PeerMessageKind.KeepAlive));
    }

    [Theory]
    [InlineData(new[] { 0 })]
    [InlineData(new[] { 0, 1, 2, 3 })]
    [InlineData(new[] { 0, 1, 2, 3, 4, 5 })]
    public void Needs_WrongCount_IsAFault(int[] numbers)
    {
        var harness = Start(new TransferLimits { SiteWanDown = 1 << 20 });
        var near = harness.Connect(2).Hello();
        near.SayNeeds(numbers);
        Assert.Equal(PeerFault.BadExtension, near.Fault);
    }

    /// <summary>Numbers that no member of ours would say are taken for what they are worth.</summary>
    [Fact]
    public void Needs_Hostile_ChangesLittle()
    {
        var harness = Start(new TransferLimits { SiteWanDown = 1 << 20 });
        var near = harness.Connect(2).Hello();
        near.SayNeeds(int.MinValue, int.MinValue, int.MinValue, int.MinValue, int.MinValue);
        near.SayNeeds(int.MaxValue, -1, int.MaxValue, int.MaxValue, int.MaxValue);
        harness.Pass(3);
        Assert.Equal(PeerFault.None, near.Fault);
        var far = Source(harness, 1);
        harness.Pass(3);
        Assert.NotEmpty(far.Asked);
    }

    /// <summary>A neighbour makes up members that come before us and want everything: that costs half a minute, not the download.</summary>
    [Fact]
    public void Needs_MadeUpMembers_DoNotStarveUs()
    {
        var time = new FakeTimeProvider();
        var budget = new NodeBudget(time) { Limits = new TransferLimits { SiteWanDown = 64 * 1024 } };
        var last = new PeerId([.. Enumerable.Repeat(byte.MaxValue, PeerId.Size)]);
        var harness = new EngineHarness(pieces: 8, change: options => options with { Budget = budget, PeerId = last });
        var liar = harness.Connect(2).Hello();
        var far = Source(harness, 1);
        for (var second = 0; second <= NodeBudget.StarvedSeconds + 2; second++)
        {
            liar.SayNeeds([0, .. Enumerable.Range(0, 8).SelectMany(member => (int[])[member, int.MaxValue, 0, 0])]);
            harness.Pass(1);
            time.Advance(TimeSpan.FromSeconds(1));
            if (second == NodeBudget.StarvedSeconds - 5)
                Assert.InRange(far.HeardOf(PeerMessageKind.Request).Count(), 0, 1);
        }
        Assert.InRange(far.HeardOf(PeerMessageKind.Request).Count(), 2, 8);
    }

    [Fact]
    public void Needs_OfAFarPeer_AreNotHeard()
    {
        var harness = Start(new TransferLimits { SiteWanDown = 1 << 20 });
        var far = harness.Connect(2, PeerReach.Wan).Hello();
        far.SayNeeds(0, 7, int.MaxValue, 0, 0);
        Assert.Equal(0, harness.Options.Budget!.Status.SiteFetchers);
        Assert.Equal(PeerFault.None, far.Fault);
    }
}
