using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Node.Status;
using StatelessSwarm.Node.Tests.Support;
using StatelessSwarm.Node.Updating;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Node.Tests.Reuse;

/// <summary>
/// Updates of real nodes that hold an older image. Goal: what is here is not fetched, whatever the older image is like the result is right,
/// and whatever of the comparison fails costs bytes alone.
/// </summary>
public sealed class ReuseCycleTests : IAsyncLifetime
{
    private const int ImageBytes = 1024 * 4096;

    private TestSite _site = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _site = await TestSite.StartAsync();

    public async ValueTask DisposeAsync() => await _site.DisposeAsync();

    [Fact]
    public async Task Update_OlderImageHere_FetchesWhatIsNew()
    {
        var first = await PublishAsync("1.0", 1);
        var options = _site.NewNode();
        await using var node = await TestSite.StartNodeAsync(options);
        await node.UpdateAsync(Cancellation);
        // A few bytes go in near the start, a stretch is overwritten, the end is cut off: all that comes behind moves.
        var bytes = await ImageOfAsync(first);
        bytes = [.. bytes[..500_000], .. new byte[4096 + 12], .. bytes[500_000..^(4096 * 2 + 12)]];
        Random(7, 10_000).CopyTo(bytes, 2_000_000);
        var second = await PublishAsync("2.0", bytes);
        var record = await UpdateAsync(node, second);
        Assert.InRange(Fetched(record), 10_000, 250_000);
        Assert.Equal(bytes.Length, record.Sources.Disk + Fetched(record) - record.WastedBytes);
        Assert.Equal(bytes, await CurrentAsync(options));
    }

    [Fact]
    public async Task Update_SameImageUnderANewVersion_FetchesNothing()
    {
        var first = await PublishAsync("1.0", 1);
        var options = _site.NewNode();
        await using var node = await TestSite.StartNodeAsync(options);
        await node.UpdateAsync(Cancellation);
        var record = await UpdateAsync(node, await PublishAsync("2.0", await ImageOfAsync(first)));
        Assert.Equal((0, ImageBytes), (Fetched(record), record.Sources.Disk));
    }

    [Fact]
    public async Task Update_UnrelatedImage_FetchesAllOfIt()
    {
        await PublishAsync("1.0", 1);
        await using var node = await TestSite.StartNodeAsync(_site.NewNode());
        await node.UpdateAsync(Cancellation);
        var record = await UpdateAsync(node, await PublishAsync("2.0", 2));
        Assert.Equal((ImageBytes, 0), (Fetched(record), record.Sources.Disk));
    }

    /// <summary>The older image has rotted in its slot: what is wrong is fetched, nothing else, and nobody is blamed.</summary>
    [Fact]
    public async Task Update_OlderImageIsRotten_CostsBytesOnly()
    {
        var first = await PublishAsync("1.0", 1);
        var options = _site.NewNode();
        await using var node = await TestSite.StartNodeAsync(options);
        await node.UpdateAsync(Cancellation);
        await node.IndexAsync(Cancellation);
        Rot(Path.Combine(options.StateDirectory, "releases", first.Digest.ToString(), "root.squashfs"), 1_000_000, 300_000);
        var record = await UpdateAsync(node, await PublishAsync("2.0", await ImageOfAsync(first)));
        Assert.InRange(Fetched(record), 300_000, 450_000);
        Assert.Equal(await ImageOfAsync(first), await CurrentAsync(options));
    }

    /// <summary>Nodes that have nothing to compare do not ask for the map.</summary>
    [Fact]
    public async Task Update_NewNode_FetchesNoMap()
    {
        var published = await PublishAsync("1.0", 1);
        _site.Replace(RepositoryLayout.ChunkMapTorrent(published.Digest), null);
        var options = _site.NewNode();
        await using var node = await TestSite.StartNodeAsync(options);
        await node.UpdateAsync(Cancellation);
        Assert.False(File.Exists(MapOf(options, published)));
        await node.IndexAsync(Cancellation);
        Assert.Equal(published.Manifest.ChunkMap.Sha256, Sha256Digest.HashData(await File.ReadAllBytesAsync(MapOf(options, published), Cancellation)));
    }

    /// <summary>The map travels among nodes: the seed is gone, a neighbour's comes.</summary>
    [Fact]
    public async Task Update_MapFromANeighbour_IsAsGood()
    {
        var first = await PublishAsync("1.0", 1);
        var options = _site.NewNode();
        await using var neighbour = await TestSite.StartNodeAsync(_site.NewNode());
        await using var node = await TestSite.StartNodeAsync(options with { Peers = [new System.Net.DnsEndPoint("127.0.0.1", neighbour.Port)] });
        await neighbour.UpdateAsync(Cancellation);
        await node.UpdateAsync(Cancellation);
        var second = await PublishAsync("2.0", await SimilarAsync(first));
        await UpdateAsync(neighbour, second);
        await _site.StopSeedAsync();
        _site.Replace(RepositoryLayout.ChunkMap(second.Digest), null);
        Assert.InRange(Fetched(await UpdateAsync(node, second)), 1, 150_000);
        Assert.True(File.Exists(MapOf(options, second)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Update_NoMapToBeHad_FetchesAllOfIt(bool isTorrentThere)
    {
        var first = await PublishAsync("1.0", 1);
        await using var node = await TestSite.StartNodeAsync(_site.NewNode());
        await node.UpdateAsync(Cancellation);
        _site.SeedsMaps = false;
        var second = await PublishAsync("2.0", await SimilarAsync(first));
        _site.Replace(RepositoryLayout.ChunkMap(second.Digest), null);
        if (!isTorrentThere)
            _site.Replace(RepositoryLayout.ChunkMapTorrent(second.Digest), null);
        Assert.Equal(ImageBytes, Fetched(await UpdateAsync(node, second)));
    }

    /// <summary>The metainfo of the map is another release's: not believed.</summary>
    [Fact]
    public async Task Update_MapOfAnotherRelease_FetchesAllOfIt()
    {
        var first = await PublishAsync("1.0", 1);
        await using var node = await TestSite.StartNodeAsync(_site.NewNode());
        await node.UpdateAsync(Cancellation);
        var second = await PublishAsync("2.0", 2);
        var other = await File.ReadAllBytesAsync(_site.PathOf(RepositoryLayout.ChunkMapTorrent(first.Digest)), Cancellation);
        _site.Replace(RepositoryLayout.ChunkMapTorrent(second.Digest), other);
        Assert.Equal(ImageBytes, Fetched(await UpdateAsync(node, second)));
    }

    /// <summary>An unchanged kernel is copied, a changed one fetched.</summary>
    [Fact]
    public async Task Update_SameKernel_IsCopied()
    {
        var kernel = _site["vmlinuz"];
        await File.WriteAllBytesAsync(kernel, Random(9, 300_000), Cancellation);
        var first = await _site.PublishAsync("1.0", await WriteAsync("1.0", TestSite.MakeImage(ImageBytes, 1)), kernelPath: kernel);
        await using var node = await TestSite.StartNodeAsync(_site.NewNode());
        await node.UpdateAsync(Cancellation);
        var second = await _site.PublishAsync("2.0", await WriteAsync("2.0", await ImageOfAsync(first)), kernelPath: kernel);
        var record = await UpdateAsync(node, second);
        Assert.Equal((0, ImageBytes + 300_000), (Fetched(record), record.Sources.Disk));
    }

    /// <summary>The channel moves on while a release is half fetched: what came of it is taken over into the next one.</summary>
    [Fact]
    public async Task Update_ChannelMovesOnHalfWay_WhatCameIsTakenOver()
    {
        const int Bytes = 9 << 20;
        await using var slow = await TestSite.StartAsync(seedBytesPerSecond: 3 << 20);
        await using var node = await TestSite.StartNodeAsync(slow.NewNode());
        await slow.PublishAsync("1.0", await WriteAsync("1.0", TestSite.MakeImage(Bytes / 8, 1)));
        await node.UpdateAsync(Cancellation);
        var image = TestSite.MakeImage(Bytes, 2);
        await slow.PublishAsync("2.0", await WriteAsync("2.0", image));
        var update = node.UpdateAsync(Cancellation);
        while (!update.IsCompleted && !(node.GetStatus().Progress?.DoneBytes > Bytes / 4))
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Cancellation);
        image[Bytes - 5000] ^= 1;
        var third = await slow.PublishAsync("3.0", await WriteAsync("3.0", image));
        Assert.Equal(third.Digest, (await update).Release.Digest);
        var record = node.GetStatus().Updates[^1];
        Assert.Equal("3.0", record.Version);
        Assert.InRange(record.Sources.Disk, Bytes / 5, Bytes);
        Assert.Equal(Bytes, record.Sources.Disk + Fetched(record) - record.WastedBytes);
    }

    /// <summary>A plan says what the update after it fetches, and fetches nothing itself.</summary>
    [Fact]
    public async Task Plan_OlderImageHere_SaysWhatTheUpdateFetches()
    {
        var first = await PublishAsync("1.0", 1);
        var options = _site.NewNode();
        await using var node = await TestSite.StartNodeAsync(options);
        var fresh = await node.PlanAsync(Cancellation);
        Assert.Equal((ImageBytes, false, 0), (fresh.FetchBytes, fresh.IsInPlace, fresh.Reused.Count));
        Assert.InRange(fresh.RoomNeeded, ImageBytes, ImageBytes + (1 << 20));
        await node.UpdateAsync(Cancellation);
        Assert.True((await node.PlanAsync(Cancellation)).IsInPlace);
        var second = await PublishAsync("2.0", await SimilarAsync(first));
        var plan = await node.PlanAsync(Cancellation);
        Assert.Equal(second.Digest, plan.Release.Digest);
        Assert.Equal("1.0", Assert.Single(plan.Reused).Version);
        Assert.Equal(ImageBytes + second.Manifest.ChunkMap.Length, plan.FetchBytes + plan.Reused[0].Bytes);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(options.StateDirectory, "staging")));
        var record = await UpdateAsync(node, second);
        Assert.InRange(Fetched(record), 1, plan.FetchBytes);
    }

    [Fact]
    public async Task Plan_NoMapOnTheServer_SaysSoAndCountsEverything()
    {
        var first = await PublishAsync("1.0", 1);
        await using var node = await TestSite.StartNodeAsync(_site.NewNode());
        await node.UpdateAsync(Cancellation);
        var second = await PublishAsync("2.0", await SimilarAsync(first));
        _site.Replace(RepositoryLayout.ChunkMap(second.Digest), null);
        var plan = await node.PlanAsync(Cancellation);
        Assert.Equal(ImageBytes, plan.FetchBytes);
        Assert.Contains("root.chunks", plan.Note, StringComparison.Ordinal);
    }

    /// <summary>A pinned release outlives the slots; a clean-up says before what it deletes.</summary>
    [Fact]
    public async Task Collect_PinnedRelease_StaysUntilItIsUnpinned()
    {
        var options = _site.NewNode();
        await using var node = await TestSite.StartNodeAsync(options);
        var releases = new List<PublishedRelease>();
        foreach (var version in new[] { "1.0", "2.0", "3.0" })
        {
            releases.Add(await PublishAsync(version, version[0]));
            await node.UpdateAsync(Cancellation);
            if (version == "1.0")
                Assert.True(OfflineNode.Pin(options.StateDirectory, "1.0", isPinned: true).IsChanged);
        }
        var directory = Path.Combine(options.StateDirectory, "releases", releases[0].Digest.ToString());
        Assert.Empty((await node.CollectAsync(isDryRun: false, Cancellation)).Releases);
        Assert.True(Directory.Exists(directory));
        Assert.False(OfflineNode.Pin(options.StateDirectory, "1.0", isPinned: true).IsChanged);
        Assert.True(OfflineNode.Pin(options.StateDirectory, releases[0].Digest.ToString()[..8], isPinned: false).IsChanged);
        var planned = await node.CollectAsync(isDryRun: true, Cancellation);
        Assert.Equal(releases[0].Digest, Assert.Single(planned.Releases).Digest);
        Assert.InRange(planned.Bytes, ImageBytes, ImageBytes * 2);
        Assert.True(Directory.Exists(directory));
        Assert.Equal(planned.Bytes, (await node.CollectAsync(isDryRun: false, Cancellation)).Bytes);
        Assert.False(Directory.Exists(directory));
        var fault = Assert.Throws<NodeException>(() => OfflineNode.Pin(options.StateDirectory, "1.0", isPinned: true));
        Assert.Equal(FaultKind.Nothing, fault.Kind);
    }

    private async Task<UpdateRecord> UpdateAsync(NodeRuntime node, PublishedRelease release)
    {
        var result = await node.UpdateAsync(Cancellation);
        Assert.Equal((UpdateOutcome.Activated, release.Digest), (result.Outcome, result.Release.Digest));
        return node.GetStatus().Updates[^1];
    }

    private async Task<PublishedRelease> PublishAsync(string version, int seed) => await PublishAsync(version, TestSite.MakeImage(ImageBytes, seed));

    private async Task<PublishedRelease> PublishAsync(string version, byte[] image) =>
        await _site.PublishAsync(version, await WriteAsync(version, image));

    private async Task<string> WriteAsync(string version, byte[] image)
    {
        var path = _site[$"image-{version}"];
        await File.WriteAllBytesAsync(path, image, Cancellation);
        return path;
    }

    private Task<byte[]> ImageOfAsync(PublishedRelease release) =>
        File.ReadAllBytesAsync(_site.PathOf(RepositoryLayout.File(release.Digest, release.Manifest, release.Manifest.Root)), Cancellation);

    private async Task<byte[]> SimilarAsync(PublishedRelease release)
    {
        var bytes = await ImageOfAsync(release);
        bytes[3_000_000] ^= 1;
        return bytes;
    }

    private static Task<byte[]> CurrentAsync(NodeOptions options) =>
        File.ReadAllBytesAsync(Path.Combine(options.StateDirectory, "roots", "current", "root.squashfs"), Cancellation);

    private static string MapOf(NodeOptions options, PublishedRelease release) =>
        Path.Combine(options.StateDirectory, "releases", release.Digest.ToString(), ReleaseChunkMap.FileName);

    private static long Fetched(UpdateRecord record) => record.Sources.Lan + record.Sources.Wan + record.Sources.Http;

    private static void Rot(string path, long offset, int length)
    {
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        RandomAccess.Write(file, new byte[length], offset);
    }

    private static byte[] Random(int seed, int length)
    {
        var bytes = new byte[length];
#pragma warning disable CA5394 // no secret
        new Random(seed).NextBytes(bytes);
#pragma warning restore CA5394
        return bytes;
    }
}
