using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Swarm.Limits;

namespace StatelessSwarm.Swarm.Tests.Limits;

public sealed class ByteBudgetTests
{
    [Fact]
    public async Task TakeAsync_NoLimit_NeverWaits()
    {
        var budget = new ByteBudget(null, new FakeTimeProvider());
        for (var i = 0; i < 1000; i++)
            await budget.TakeAsync(int.MaxValue, CancellationToken.None);
    }

    [Fact]
    public async Task TakeAsync_OverTenSeconds_GrantsTheRateAndTheBurst()
    {
        // Takes 10 kB pieces as soon as they are granted for 10 s of virtual time at 100 kB/s: 1 MB and at most 100 ms more.
        var time = new FakeTimeProvider();
        var budget = new ByteBudget(100_000, time);
        var granted = 0L;
        var pending = budget.TakeAsync(10_000, CancellationToken.None).AsTask();
        for (var step = 0; step < 10_000; step++)
        {
            while (pending.IsCompleted)
            {
                await pending;
                granted += 10_000;
                pending = budget.TakeAsync(10_000, CancellationToken.None).AsTask();
            }
            time.Advance(TimeSpan.FromMilliseconds(1));
        }
        Assert.InRange(granted, 990_000, 1_020_000);
    }

    [Fact]
    public async Task TakeAsync_Cancelled_StopsWaiting()
    {
        var time = new FakeTimeProvider();
        var budget = new ByteBudget(1, time);
        using var stop = new CancellationTokenSource();
        await budget.TakeAsync(1000, CancellationToken.None);
        var waiting = budget.TakeAsync(1, stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}
