using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Swarm.Encryption;
using static StatelessSwarm.Swarm.Tests.Support.TestHosts;

namespace StatelessSwarm.Swarm.Tests.Encryption;

public sealed class HandshakeGateTests
{
    /// <summary>
    /// Goal: however many want to be computed, no more than the burst and then the rate are; a storm leaves no debt behind. Method: 1,000
    /// come at once, the clock moves on by one second in steps; then all are given up, and after a quiet second the next is let in at once.
    /// </summary>
    [Fact]
    public async Task Storm_IsComputedAtTheRate_AndLeavesNoDebt()
    {
        var time = new CountingTime();
        using var gate = new HandshakeGate(time);
        using var stop = new CancellationTokenSource();
        var computed = 0;
        var storm = Enumerable.Range(0, 1000).Select(_ => gate.RunAsync(() => Interlocked.Increment(ref computed), stop.Token)).ToList();
        await UntilAsync(() => Volatile.Read(ref computed) == HandshakeGate.Burst, "the burst is computed");
        for (var step = 1; step <= HandshakeGate.PerSecond; step++)
        {
            // a wait that begins after the clock has moved would wait for the next move, which comes after it has ended
            await UntilAsync(() => time.Timers >= step, "the next waits");
            time.Advance(TimeSpan.FromSeconds(1.0 / HandshakeGate.PerSecond));
            await UntilAsync(() => Volatile.Read(ref computed) >= HandshakeGate.Burst + step, "one more");
        }
        Assert.Equal(HandshakeGate.Burst + HandshakeGate.PerSecond, computed);
        await stop.CancelAsync();
        Assert.All(await Task.WhenAll(storm.Select(IsGivenUpAsync)).WaitAsync(Patience), Assert.NotNull);
        time.Advance(TimeSpan.FromSeconds(1));
        await gate.RunAsync(() => computed = -1, CancellationToken.None).WaitAsync(Patience);
        Assert.Equal(-1, computed);

        static async Task<object> IsGivenUpAsync(Task work)
        {
            try
            {
                await work;
                return true;
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }
    }

    /// <summary>A clock that says how many waits have begun.</summary>
    private sealed class CountingTime : FakeTimeProvider
    {
        private int _timers;

        public int Timers => Volatile.Read(ref _timers);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Interlocked.Increment(ref _timers);
            return timer;
        }
    }
}
