using StatelessSwarm.Content.Values;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Roots.Slots;
using StatelessSwarm.Roots.Tests.Support;

namespace StatelessSwarm.Roots.Tests.Slots;

/// <summary>
/// Goal: wherever an update is cut short, by the end of the process or by one failing call, current is a complete release
/// and the old or the new one, and doing the update again ends in the new one. Method: count the steps of the whole update
/// (stage, commit, offer, activate, roll back, activate, collect), then run it once per step and kind of fault.
/// </summary>
public sealed class FaultAtEveryStepTests
{
    private static readonly SampleRelease Older = SampleRelease.Random(1);
    private static readonly SampleRelease Old = SampleRelease.Random(2);
    private static readonly SampleRelease New = SampleRelease.Random(3);
    private static readonly SampleRelease[] All = [Older, Old, New];

    [Theory]
    [InlineData(StepFault.ErrorBefore)]
    [InlineData(StepFault.ErrorAfter)]
    [InlineData(StepFault.StopBefore)]
    [InlineData(StepFault.StopAfter)]
    internal async Task Update_FaultAtAnyStep_LeavesAWorkingCurrent(StepFault fault)
    {
        using var template = TemporaryDirectory.InMemory();
        await PrepareAsync(template.Path);
        var stepCount = await CountStepsAsync(template.Path);
        Assert.InRange(stepCount, 60, 200);
        for (var step = 0; step < stepCount; step++)
        {
            using var state = TemporaryDirectory.InMemory();
            Copy(template.Path, state.Path);
            var files = new StepFileSystem(step, fault) { AfterStep = () => CurrentIsComplete(state.Path) };
            var isFaulted = await TryUpdateAsync(state.Path, files);
            var at = $"step {step}, {files.Steps[step]}";
            Assert.True(isFaulted, $"{at}: the fault went unseen");
            CurrentIsComplete(state.Path);
            await FinishAsync(state.Path, at);
        }
    }

    /// <summary>
    /// Goal: a process that lives on after one failed call (a disk that was full for a moment) works on with the same
    /// objects. Method: as above, but the same store and slots repeat the update.
    /// </summary>
    [Fact]
    public async Task Update_ErrorAtAnyStepThenRetried_EndsInTheNewRelease()
    {
        using var template = TemporaryDirectory.InMemory();
        await PrepareAsync(template.Path);
        var stepCount = await CountStepsAsync(template.Path);
        for (var step = 5; step < stepCount; step++)
        {
            using var state = TemporaryDirectory.InMemory();
            Copy(template.Path, state.Path);
            var files = new StepFileSystem(step, StepFault.ErrorBefore);
            ReleaseStore store;
            RootSlots slots;
            try
            {
                store = ReleaseStore.Open(state.Path, files, TimeProvider.System);
                slots = RootSlots.Open(store);
            }
            catch (IOException)
            {
                continue;
            }
            try
            {
                await UpdateAsync(store, slots);
            }
            catch (IOException)
            {
                CurrentIsComplete(state.Path);
                await UpdateAsync(store, slots);
            }
            Assert.Equal(New.Digest, slots.Read().Current);
            StateChecks.SlotsAreSound(state.Path, All);
            StateChecks.IsTidy(state.Path);
        }
    }

    private static async Task PrepareAsync(string state)
    {
        var store = ReleaseStore.Open(state);
        var slots = RootSlots.Open(store);
        foreach (var sample in (SampleRelease[])[Older, Old])
        {
            slots.SetNext(await sample.AddToAsync(store));
            slots.Activate();
        }
    }

    private static async Task<int> CountStepsAsync(string template)
    {
        using var state = TemporaryDirectory.InMemory();
        Copy(template, state.Path);
        var files = new StepFileSystem();
        Assert.False(await TryUpdateAsync(state.Path, files));
        Assert.Equal(New.Digest, StateChecks.Current(state.Path, All)!.Digest);
        return files.Steps.Count;
    }

    private static async Task<bool> TryUpdateAsync(string state, StepFileSystem files)
    {
        try
        {
            var store = ReleaseStore.Open(state, files, TimeProvider.System);
            await UpdateAsync(store, RootSlots.Open(store));
            return false;
        }
        catch (Exception fault) when (fault is IOException or StoppedException)
        {
            return true;
        }
    }

    private static async Task UpdateAsync(ReleaseStore store, RootSlots slots)
    {
        slots.SetNext(await New.AddToAsync(store));
        if (slots.Read().Next is not null)
            slots.Activate();
        slots.RollBack();
        slots.SetNext(store.Find(New.Digest)!);
        if (slots.Read().Next is not null)
            slots.Activate();
        store.Collect(new HashSet<Sha256Digest>());
    }

    private static async Task FinishAsync(string state, string at)
    {
        var store = ReleaseStore.Open(state);
        var slots = RootSlots.Open(store);
        StateChecks.IsTidy(state);
        StateChecks.SlotsAreSound(state, All);
        var current = slots.Read().Current;
        Assert.True(current == Old.Digest || current == New.Digest, $"{at}: current is neither the old nor the new release");
        if (current == Old.Digest)
        {
            slots.SetNext(await New.AddToAsync(store));
            slots.Activate();
        }
        Assert.Equal(new SlotState(New.Digest, null, Old.Digest), slots.Read());
        store.Collect(new HashSet<Sha256Digest>());
        Assert.Equal(((Sha256Digest[])[Old.Digest, New.Digest]).Order(), store.List().Select(release => release.Digest));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(state, "staging")));
    }

    private static void CurrentIsComplete(string state)
    {
        var current = StateChecks.Current(state, All);
        Assert.True(current == Old || current == New, "current is neither the old nor the new release");
    }

    private static void Copy(string source, string target)
    {
        foreach (var directory in new DirectoryInfo(source).EnumerateDirectories("*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(target, Path.GetRelativePath(source, directory.FullName));
            if (directory.LinkTarget is { } text)
                Directory.CreateSymbolicLink(copy, text);
            else
                Directory.CreateDirectory(copy);
        }
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            if (!Path.GetRelativePath(source, file).StartsWith("roots", StringComparison.Ordinal))
                File.Copy(file, Path.Combine(target, Path.GetRelativePath(source, file)));
        }
    }
}
