using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Swarm.WebSeeds;

namespace StatelessSwarm.Swarm.Tests.WebSeeds;

public sealed class WebSeedGateTests
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(2);

    private readonly FakeTimeProvider _time = new();
    private long _received;

    [Fact]
    public void NoDelay_IsOpenFromTheFirstLook() =>
        Assert.True(new WebSeedGate(TimeSpan.Zero, _time).Look(new EngineStatus { Givers = 3, CompleteGivers = 3 }));

    [Fact]
    public void NobodyGives_OpensAfterTheDelay()
    {
        var gate = new WebSeedGate(Delay, _time);
        Assert.False(Pass(gate, 1.5, givers: 0, bytesPerSecond: 0));
        Assert.True(Pass(gate, 1, givers: 0, bytesPerSecond: 0));
    }

    [Fact]
    public void PeersGive_StaysShut()
    {
        var gate = new WebSeedGate(Delay, _time);
        Assert.False(Pass(gate, 60, givers: 1, bytesPerSecond: 100_000));
    }

    [Fact]
    public void PeersGiveNextToNothing_Opens()
    {
        var gate = new WebSeedGate(Delay, _time);
        Assert.True(Pass(gate, 6, givers: 2, bytesPerSecond: 10_000));
    }

    [Fact]
    public void CompletePeerGives_ShutsAfterAWhile_AndOpensWhenItStops()
    {
        var gate = new WebSeedGate(Delay, _time);
        Assert.True(Pass(gate, 3, givers: 0, bytesPerSecond: 0));
        Assert.True(Pass(gate, 4, givers: 1, bytesPerSecond: 1_000_000, isComplete: true));
        Assert.False(Pass(gate, 6, givers: 1, bytesPerSecond: 1_000_000, isComplete: true));
        Assert.True(Pass(gate, 3, givers: 0, bytesPerSecond: 0));
    }

    [Fact]
    public void IncompletePeersGive_DoNotShutIt()
    {
        var gate = new WebSeedGate(Delay, _time);
        Assert.True(Pass(gate, 3, givers: 0, bytesPerSecond: 0));
        Assert.True(Pass(gate, 60, givers: 5, bytesPerSecond: 1_000_000));
    }

    private bool Pass(WebSeedGate gate, double seconds, int givers, long bytesPerSecond, bool isComplete = false)
    {
        var isOpen = false;
        for (var step = 0; step < seconds * 2; step++)
        {
            _time.Advance(WebSeedRoster.Interval);
            _received += bytesPerSecond / 2;
            isOpen = gate.Look(
                new EngineStatus { Givers = givers, CompleteGivers = isComplete ? givers : 0, ReceivedLanBytes = _received }
            );
        }
        return isOpen;
    }
}
