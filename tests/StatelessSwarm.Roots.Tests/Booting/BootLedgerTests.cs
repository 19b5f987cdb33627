using StatelessSwarm.Content.Values;
using StatelessSwarm.Roots.Booting;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Roots.Tests.Support;

namespace StatelessSwarm.Roots.Tests.Booting;

public sealed class BootLedgerTests : IDisposable
{
    private static readonly Sha256Digest First = Sha256Digest.HashData([1]);
    private static readonly Sha256Digest Second = Sha256Digest.HashData([2]);

    private readonly TemporaryDirectory _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public void Take_ThreeTimes_MakesAReleaseBadAndNoOther()
    {
        var ledger = BootLedger.Open(ReleaseStore.Open(_state.Path));
        Assert.Null(ledger.Read(First));
        Assert.Equal(new BootTries(2, 1, false), ledger.Take(First, 3));
        Assert.Equal(new BootTries(1, 2, false), ledger.Take(First, 3));
        Assert.Equal([$"{First}+1-2"], Names());
        var last = ledger.Take(First, 3);
        Assert.True(last.IsBad);
        Assert.Equal(new BootTries(0, 4, false), ledger.Take(First, 3));
        // another release, fetched later, starts with all its tries
        Assert.Equal(new BootTries(2, 1, false), ledger.Take(Second, 3));
        Assert.True(BootLedger.Open(ReleaseStore.Open(_state.Path)).Read(First)!.IsBad);
    }

    [Fact]
    public void Bless_AReleaseOnTrial_IsNotCountedAnyMore()
    {
        var ledger = BootLedger.Open(ReleaseStore.Open(_state.Path));
        ledger.Take(First, 3);
        ledger.Bless(First);
        Assert.Equal([First.ToString()], Names());
        Assert.Equal(BootTries.Good, ledger.Take(First, 3));
        Assert.False(ledger.Read(First)!.IsBad);
        ledger.Bless(Second);
        Assert.Equal(BootTries.Good, ledger.Read(Second));
        ledger.Forget(First);
        Assert.Null(ledger.Read(First));
        Assert.Equal(new BootTries(4, 1, false), ledger.Take(First, 5));
    }

    [Fact]
    public async Task ForgetMissing_ReleasesThatWereDeleted_KeepsTheOthers()
    {
        var store = ReleaseStore.Open(_state.Path);
        var kept = await SampleRelease.Random(1).AddToAsync(store);
        var ledger = BootLedger.Open(store);
        ledger.Take(kept.Digest, 3);
        ledger.Take(First, 3);
        ledger.ForgetMissing();
        Assert.Equal([$"{kept.Digest}+2-1"], Names());
    }

    [Fact]
    public void Read_EntriesThatAreNotOurs_AreLeftAlone()
    {
        var ledger = BootLedger.Open(ReleaseStore.Open(_state.Path));
        string[] foreign = ["README", $"{First}+x-1", $"{First}+1", $"{First}+01-2", $"{First}+1-999", $"{First}".ToUpperInvariant()];
        foreach (var name in foreign)
            File.WriteAllText(_state["ledger/" + name], "");
        Assert.Null(ledger.Read(First));
        ledger.Take(First, 2);
        Assert.Equal([.. foreign.Append($"{First}+1-1").Order(StringComparer.Ordinal)], Names());
    }

    [Fact]
    public void Read_TwoEntriesForOneRelease_TakesTheStricterAndTidiesUp()
    {
        var ledger = BootLedger.Open(ReleaseStore.Open(_state.Path));
        File.WriteAllText(_state[$"ledger/{First}+3-0"], "");
        File.WriteAllText(_state[$"ledger/{First}+1-2"], "");
        Assert.Equal(new BootTries(1, 2, false), ledger.Read(First));
        Assert.True(ledger.Take(First, 3).IsBad);
        Assert.Equal([$"{First}+0-3"], Names());
    }

    /// <summary>Goal: a cut anywhere leaves the count before or after, never none. Method: stop after every step of every change.</summary>
    [Fact]
    public void Change_CutAfterAnyStep_LeavesTheOldOrTheNewCount()
    {
        for (var step = 0; ; step++)
        {
            using var state = new TemporaryDirectory();
            BootLedger.Open(ReleaseStore.Open(state.Path)).Take(First, 3);
            var files = new StepFileSystem(step, StepFault.StopAfter);
            try
            {
                var ledger = BootLedger.Open(ReleaseStore.Open(state.Path, files, TimeProvider.System));
                ledger.Take(First, 3);
                ledger.Bless(First);
                return;
            }
            catch (StoppedException)
            {
                var seen = BootLedger.Open(ReleaseStore.Open(state.Path)).Read(First);
                Assert.Contains(seen, (BootTries?[])[new BootTries(2, 1, false), new BootTries(1, 2, false), BootTries.Good]);
            }
        }
    }

    private string[] Names() => [.. Directory.EnumerateFiles(_state["ledger"]).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];
}
