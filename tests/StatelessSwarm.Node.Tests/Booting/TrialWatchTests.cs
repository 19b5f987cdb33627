using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Booting;
using StatelessSwarm.Node.Tests.Support;
using StatelessSwarm.Roots.Booting;
using StatelessSwarm.Roots.Releases;

namespace StatelessSwarm.Node.Tests.Booting;

public sealed class TrialWatchTests : IDisposable
{
    private static readonly Sha256Digest Release = Sha256Digest.HashData([1]);

    private readonly TemporaryDirectory _directory = new();
    private readonly FakeTimeProvider _time = new();
    private int _fed;
    private int _restarts;

    public void Dispose() => _directory.Dispose();

    private string State => _directory["state"];

    private Task<bool> WatchAsync(TimeSpan timeout) =>
        new TrialWatch(timeout, _time, NullLogger.Instance).RunAsync(State, Release, () => _fed++, () => _restarts++, TestContext.Current.CancellationToken);

    [Fact]
    public async Task Run_BlessedInTime_FeedsUntilThenAndEnds()
    {
        var ledger = BootLedger.Open(ReleaseStore.Open(State));
        ledger.Take(Release, 3);
        var watch = WatchAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(1, _fed);
        ledger.Bless(Release);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.True(await watch);
        Assert.Equal((1, 0), (_fed, _restarts));
    }

    [Fact]
    public async Task Run_NeverBlessed_RestartsAfterTheTimeout()
    {
        BootLedger.Open(ReleaseStore.Open(State)).Take(Release, 3);
        var watch = WatchAsync(TimeSpan.FromSeconds(12));
        for (var second = 0; second < 40 && !watch.IsCompleted; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        while (!watch.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            await Task.Yield();
        }
        Assert.False(await watch);
        Assert.Equal(1, _restarts);
        Assert.InRange(_fed, 2, 4);
    }

    [Fact]
    public async Task Run_ReleaseThatIsNotCounted_EndsAtOnce() => Assert.True(await WatchAsync(TimeSpan.FromSeconds(1)));
}
