using StatelessSwarm.Content.Values;
using StatelessSwarm.Platform.Files;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Roots.Slots;
using StatelessSwarm.Roots.Tests.Support;

namespace StatelessSwarm.Roots.Tests.Releases;

public sealed class ReleaseStoreCollectTests : IDisposable
{
    private static readonly HashSet<Sha256Digest> Nothing = [];

    private readonly TemporaryDirectory _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public async Task Collect_ReleasesAndStagingsNotKept_AreGoneAndCounted()
    {
        var store = ReleaseStore.Open(_state.Path);
        var samples = Enumerable.Range(1, 4).Select(number => SampleRelease.Random(number)).ToArray();
        await samples[0].AddToAsync(store);
        await samples[1].AddToAsync(store);
        samples[2].Stage(store);
        samples[3].Stage(store);
        var freed = store.Collect(new HashSet<Sha256Digest> { samples[0].Digest, samples[2].Digest });
        Assert.InRange(freed, samples[1].Manifest.TotalBytes + samples[3].Manifest.TotalBytes, 1024 * 1024);
        Assert.Equal([samples[0].Digest], store.List().Select(release => release.Digest));
        Assert.Equal(
            [$"{samples[2].Digest}"],
            Directory.EnumerateFileSystemEntries(_state["staging"]).Select(Path.GetFileName)
        );
        Assert.Equal(0, store.Collect(new HashSet<Sha256Digest> { samples[0].Digest, samples[2].Digest }));
    }

    /// <summary>Invariant I7: whatever the caller forgot, what a slot names stays.</summary>
    [Fact]
    public async Task Collect_ReleasesInSlots_StayThoughNotKept()
    {
        var store = ReleaseStore.Open(_state.Path);
        var slots = RootSlots.Open(store);
        var samples = Enumerable.Range(1, 4).Select(number => SampleRelease.Random(number)).ToArray();
        foreach (var sample in samples[..2])
        {
            slots.SetNext(await sample.AddToAsync(store));
            slots.Activate();
        }
        slots.SetNext(await samples[2].AddToAsync(store));
        await samples[3].AddToAsync(store);
        store.Collect(Nothing);
        Assert.Equal(
            samples[..3].Select(sample => sample.Digest).Order(),
            store.List().Select(release => release.Digest)
        );
    }

    [Fact]
    public async Task Collect_ReleaseOfAChangeUnderWay_Stays()
    {
        var store = ReleaseStore.Open(_state.Path);
        var release = await SampleRelease.Random(1).AddToAsync(store);
        SymbolicLink.Create(SlotRecord.Write(new SlotState(release.Digest, null, null)), _state["roots/.change"]);
        store.Collect(Nothing);
        Assert.NotNull(store.Find(release.Digest));
        Assert.Equal(release.Digest, RootSlots.Open(store).Read().Current);
    }

    [Fact]
    public async Task Open_AfterInterruptedDeleteOrCommit_CleansUp()
    {
        var release = await SampleRelease.Random(1).AddToAsync(ReleaseStore.Open(_state.Path));
        File.WriteAllText(release.JournalPath, "journal");
        Directory.CreateDirectory(_state["staging/.trash-x/y"]);
        var store = ReleaseStore.Open(_state.Path);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_state["staging"]));
        Assert.False(File.Exists(release.JournalPath));
        Assert.NotNull(store.Find(release.Digest));
    }

    [Fact]
    public void Keep_SlotsPinnedAndInUse_IsTheirUnion()
    {
        var digests = Enumerable.Range(1, 5).Select(i => Sha256Digest.HashData([(byte)i])).ToArray();
        var keep = RetentionPolicy.Keep(new SlotState(digests[0], null, digests[1]), [digests[2], digests[0]], [digests[3]]);
        Assert.Equal(digests[..4].Order(), keep.Order());
    }
}
