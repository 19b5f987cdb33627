using StatelessSwarm.Seed.Files;
using StatelessSwarm.Seed.Status;
using StatelessSwarm.Swarm.Limits;

namespace StatelessSwarm.Seed.Tests.Files;

/// <summary>What is served over HTTP waits for its turn in the origin's budget, metadata never.</summary>
public sealed class OriginBudgetTests : IDisposable
{
    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("seed-origin-").FullName, "file");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);

    [Fact]
    public async Task Read_BudgetUsedUp_WaitsAndTakesTurns()
    {
        await File.WriteAllBytesAsync(_path, new byte[200_000], Cancellation);
        using var origin = new ByteBudget(0, TimeProvider.System);
        await using var one = new ServedFile(_path, new SeedCounters(), origin);
        await using var two = new ServedFile(_path, new SeedCounters(), origin);
        var first = one.ReadAsync(new byte[64 * 1024], Cancellation).AsTask();
        var second = two.ReadAsync(new byte[64 * 1024], Cancellation).AsTask();
        Assert.False(first.IsCompleted || second.IsCompleted);
        origin.BytesPerSecond = 100_000_000;
        // A turn each, not a buffer each.
        Assert.InRange(await first, 1, 16 * 1024);
        Assert.InRange(await second, 1, 16 * 1024);
        origin.BytesPerSecond = null;
        Assert.Equal(64 * 1024, await one.ReadAsync(new byte[64 * 1024], Cancellation));
    }

    [Fact]
    public async Task Charge_CountsAndDoesNotWait()
    {
        using var origin = new ByteBudget(1_000_000, TimeProvider.System);
        origin.Charge(300_000);
        Assert.Equal(300_000, origin.Taken);
        var start = TimeProvider.System.GetTimestamp();
        await origin.TakeAsync(1, Cancellation);
        Assert.True(TimeProvider.System.GetElapsedTime(start) > TimeSpan.FromMilliseconds(150));
    }
}
