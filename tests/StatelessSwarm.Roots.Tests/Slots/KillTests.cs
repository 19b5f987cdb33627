using System.Diagnostics;
using System.Globalization;
using StatelessSwarm.Platform.Files;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Roots.Slots;
using StatelessSwarm.Roots.Tests.Support;

namespace StatelessSwarm.Roots.Tests.Slots;

/// <summary>
/// Goal: kill -9 at any moment leaves a current that is complete, and the next process goes on. Method: a child process
/// (StatelessSwarm.Roots.Crash) stages, commits, activates, rolls back and collects without end; it is killed after a
/// random time, 20 times; while it runs, current is read over and over and must never be missing.
/// </summary>
public sealed class KillTests
{
    private const int Rounds = 20;
    private const int Seed = 20070601;

    [Fact]
    public async Task Update_KilledAtRandomTimes_AlwaysLeavesACompleteCurrent()
    {
        using var state = new TemporaryDirectory();
        using var samples = new TemporaryDirectory();
        var known = Enumerable.Range(1, 4).Select(number => SampleRelease.Random(number, imageBlocks: 20)).ToArray();
        for (var i = 0; i < known.Length; i++)
            known[i].WriteTo(samples[$"{i}"]);
        var store = ReleaseStore.Open(state.Path);
        var first = RootSlots.Open(store);
        first.SetNext(await known[0].AddToAsync(store));
        first.Activate();

        var random = new Random(Seed);
        var changes = 0;
        for (var round = 0; round < Rounds; round++)
        {
            using var child = Start(state.Path, samples.Path, random.Next());
            using var isKilled = new CancellationTokenSource();
            var watching = Task.Run(() => WatchCurrent(state.Path, isKilled.Token));
            for (var line = random.Next(1, 4); line > 0; line--)
                Assert.NotNull(await child.StandardOutput.ReadLineAsync());
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(40)), TimeProvider.System);
            child.Kill();
            await child.WaitForExitAsync();
            Assert.Equal(128 + 9, child.ExitCode);
            await isKilled.CancelAsync();
            changes += await watching;

            Assert.NotNull(StateChecks.Current(state.Path, known));
            var slots = RootSlots.Open(ReleaseStore.Open(state.Path)).Read();
            StateChecks.SlotsAreSound(state.Path, known);
            StateChecks.IsTidy(state.Path);
            Assert.True(slots.Current is not null && slots.Current != slots.Next && slots.Current != slots.Previous);
        }
        Assert.True(changes > 0, $"no change of current was seen: the test did not test (seed {Seed})");
    }

    private static int WatchCurrent(string state, CancellationToken end)
    {
        var path = Path.Combine(state, "roots", "current");
        var changes = -1;
        for (var last = ""; !end.IsCancellationRequested; )
        {
            var text = SymbolicLink.Read(path);
            Assert.NotNull(text);
            if (text != last)
                changes++;
            last = text;
            Thread.Yield();
        }
        return changes;
    }

    private static Process Start(string state, string samples, int seed) =>
        Process.Start(
            new ProcessStartInfo(
                Path.Combine(AppContext.BaseDirectory, "StatelessSwarm.Roots.Crash"),
                [state, samples, seed.ToString(CultureInfo.InvariantCulture)]
            )
            {
                RedirectStandardOutput = true,
                UseShellExecute = false,
            }
        )!;
}
