using StatelessSwarm.Platform.Files;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Roots.Slots;
using StatelessSwarm.Roots.Tests.Support;

namespace StatelessSwarm.Roots.Tests.Slots;

public sealed class RootSlotsTests : IDisposable
{
    private readonly TemporaryDirectory _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public async Task Slots_OfferActivateRollBack_FollowTheTable()
    {
        var store = ReleaseStore.Open(_state.Path);
        var slots = RootSlots.Open(store);
        Assert.Equal(new SlotState(null, null, null), slots.Read());
        var first = await SampleRelease.Random(1).AddToAsync(store);
        var second = await SampleRelease.Random(2).AddToAsync(store);
        slots.SetNext(first);
        Assert.Equal(new SlotState(null, first.Digest, null), slots.Read());
        Assert.Equal(first.Digest, slots.Activate().Digest);
        slots.SetNext(second);
        Assert.Equal(second.Digest, slots.Activate().Digest);
        Assert.Equal(new SlotState(second.Digest, null, first.Digest), slots.Read());
        Assert.Equal(first.Digest, slots.RollBack().Digest);
        Assert.Equal(new SlotState(first.Digest, null, second.Digest), RootSlots.Open(store).Read());
        Assert.Equal($"../releases/{first.Digest}", SymbolicLink.Read(_state["roots/current"]));
        Assert.True(File.Exists(_state["roots/current/root.squashfs"]));
        StateChecks.IsTidy(_state.Path);
    }

    [Fact]
    public async Task SetNext_CurrentRelease_EmptiesNext()
    {
        var store = ReleaseStore.Open(_state.Path);
        var slots = RootSlots.Open(store);
        var first = await SampleRelease.Random(1).AddToAsync(store);
        slots.SetNext(first);
        slots.Activate();
        slots.SetNext(await SampleRelease.Random(2).AddToAsync(store));
        slots.SetNext(first);
        Assert.Equal(new SlotState(first.Digest, null, null), slots.Read());
        Assert.Throws<InvalidOperationException>(() => slots.Activate());
        Assert.Throws<InvalidOperationException>(() => slots.RollBack());
    }

    /// <summary>Invariant I2: nothing is referenced before it is complete.</summary>
    [Fact]
    public void SetNext_ReleaseInStaging_IsRefused()
    {
        var store = ReleaseStore.Open(_state.Path);
        var slots = RootSlots.Open(store);
        var staged = SampleRelease.Random(1).StageAndFill(store);
        var fault = Assert.Throws<InvalidOperationException>(() => slots.SetNext(staged));
        Assert.Contains($"{staged.Digest}", fault.Message, StringComparison.Ordinal);
        Assert.Equal(new SlotState(null, null, null), slots.Read());
    }

    [Fact]
    public async Task Activate_NextDeletedBehindOurBack_KeepsCurrent()
    {
        var store = ReleaseStore.Open(_state.Path);
        var slots = RootSlots.Open(store);
        var first = await SampleRelease.Random(1).AddToAsync(store);
        var second = await SampleRelease.Random(2).AddToAsync(store);
        slots.SetNext(first);
        slots.Activate();
        slots.SetNext(second);
        Directory.Delete(second.Directory, recursive: true);
        Assert.Throws<InvalidOperationException>(() => slots.Activate());
        Assert.Equal(first.Digest, slots.Read().Current);
    }

    [Theory]
    [InlineData("current", "/etc")]
    [InlineData("next", "../releases/../../etc")]
    [InlineData(".change", "1:x:y:z")]
    public void Open_StrangeLink_NamesIt(string name, string text)
    {
        var store = ReleaseStore.Open(_state.Path);
        SymbolicLink.Create(text, _state[$"roots/{name}"]);
        var fault = Assert.Throws<IOException>(() => RootSlots.Open(store));
        Assert.Contains(_state[$"roots/{name}"], fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_RecordOfAMissingRelease_IsVoid()
    {
        var store = ReleaseStore.Open(_state.Path);
        var slots = RootSlots.Open(store);
        var first = await SampleRelease.Random(1).AddToAsync(store);
        slots.SetNext(first);
        slots.Activate();
        var missing = SampleRelease.Random(2).Digest;
        SymbolicLink.Create(SlotRecord.Write(new SlotState(missing, null, first.Digest)), _state["roots/.change"]);
        Assert.Equal(new SlotState(first.Digest, null, null), RootSlots.Open(store).Read());
        StateChecks.IsTidy(_state.Path);
    }

    /// <summary>
    /// Goal: changes from many sides at once happen one after the other. Method: threads with stores of their own (a flock
    /// excludes open files, so threads stand for processes) change at random; the slots stay sound throughout.
    /// </summary>
    [Fact]
    public async Task Changes_FromManySidesAtOnce_DoNotMix()
    {
        var store = ReleaseStore.Open(_state.Path);
        var samples = Enumerable.Range(1, 3).Select(number => SampleRelease.Random(number)).ToArray();
        var releases = new List<StoredRelease>();
        foreach (var sample in samples)
            releases.Add(await sample.AddToAsync(store));
        RootSlots.Open(store).SetNext(releases[0]);
        RootSlots.Open(store).Activate();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(side => Task.Run(() => ChangeAtRandom(side))));
        StateChecks.SlotsAreSound(_state.Path, samples);
        StateChecks.IsTidy(_state.Path);
        var state = RootSlots.Open(store).Read();
        Assert.True(state.Current is not null && state.Current != state.Next && state.Current != state.Previous);

        void ChangeAtRandom(int side)
        {
            var random = new Random(side);
            var slots = RootSlots.Open(ReleaseStore.Open(_state.Path));
            for (var i = 0; i < 40; i++)
            {
                slots.SetNext(releases[random.Next(releases.Count)]);
                try
                {
                    _ = random.Next(2) == 0 ? slots.Activate() : slots.RollBack();
                }
                catch (InvalidOperationException)
                {
                    // Another side emptied the slot first.
                }
                Assert.NotNull(StateChecks.Current(_state.Path, samples));
            }
        }
    }
}
