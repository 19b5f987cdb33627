using System.Net;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Node.Status;
using StatelessSwarm.Node.Tests.Support;
using StatelessSwarm.Node.Updating;
using StatelessSwarm.Trust;
using StatelessSwarm.Trust.Keys;
using StatelessSwarm.Trust.Repositories;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Node.Tests.Updating;

/// <summary>
/// Whole update cycles of real nodes against a repository, a tracker and a seed in this process. Goal: a release gets to every
/// node and becomes current; whatever goes wrong, current stays what it was and the status says why.
/// </summary>
public sealed class UpdateCycleTests : IAsyncLifetime
{
    private const int ImageBytes = 367 * 4096;

    private TestSite _site = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _site = await TestSite.StartAsync();

    public async ValueTask DisposeAsync() => await _site.DisposeAsync();

    private static async Task<Fault> FailAsync(NodeRuntime node)
    {
        var exception = await Assert.ThrowsAnyAsync<Exception>(() => node.UpdateAsync(Cancellation));
        var fault = Fault.Of(exception);
        Assert.Equal(fault, node.GetStatus().LastFault);
        Assert.Equal(UpdatePhase.Failed, node.GetStatus().Phase);
        return fault;
    }

    [Fact]
    public async Task Update_NewNode_FetchesAndActivates()
    {
        var published = await _site.PublishAsync("1.0", ImageBytes);
        var options = _site.NewNode();
        await using var node = await TestSite.StartNodeAsync(options);
        Assert.Null(node.GetStatus().Current);

        var result = await node.UpdateAsync(Cancellation);

        Assert.Equal((UpdateOutcome.Activated, published.Digest), (result.Outcome, result.Release.Digest));
        Assert.Contains("not mounted", result.Note, StringComparison.Ordinal);
        var status = node.GetStatus();
        Assert.Equal(new SlotRelease(published.Digest, "1.0", 1), status.Current);
        Assert.Equal((UpdatePhase.Idle, null, 1), (status.Phase, status.LastFault, status.Sharing));
        var record = Assert.Single(status.Updates);
        Assert.Equal(ImageBytes, record.TotalBytes);
        Assert.True(record.Sources.Lan + record.Sources.Wan >= ImageBytes);
        Assert.InRange(record.TotalMilliseconds, record.DownloadMilliseconds, 600_000);
        var link = Path.Combine(options.StateDirectory, "roots", "current", "root.squashfs");
        Assert.Equal(
            published.Manifest.Root.Sha256,
            Sha256Digest.HashData(await File.ReadAllBytesAsync(link, Cancellation))
        );
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(options.StateDirectory, "staging")));
        Assert.Equal(UpdateOutcome.UpToDate, (await node.UpdateAsync(Cancellation)).Outcome);
    }

    [Fact]
    public async Task Update_NextVersions_KeepThePreviousOneOnly()
    {
        var options = _site.NewNode();
        await using var node = await TestSite.StartNodeAsync(options);
        var releases = new List<PublishedRelease>();
        foreach (var version in new[] { "1.0", "2.0", "3.0" })
        {
            releases.Add(await _site.PublishAsync(version, ImageBytes));
            Assert.Equal(UpdateOutcome.Activated, (await node.UpdateAsync(Cancellation)).Outcome);
        }
        var status = node.GetStatus();
        Assert.Equal((releases[2].Digest, releases[1].Digest), (status.Current!.Digest, status.Previous!.Digest));
        Assert.Equal(2, status.Sharing);
        Assert.Equal(["1.0", "2.0", "3.0"], status.Updates.Select(update => update.Version));
        Assert.Equal(
            releases.Skip(1).Select(release => release.Digest.ToString()).Order(StringComparer.Ordinal),
            Directory.GetDirectories(Path.Combine(options.StateDirectory, "releases")).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Update_PolicyNext_StagesUntilActivated()
    {
        var published = await _site.PublishAsync("1.0", ImageBytes);
        await using var node = await TestSite.StartNodeAsync(_site.NewNode() with { Activation = ActivationPolicy.Next });
        Assert.Equal(UpdateOutcome.Staged, (await node.UpdateAsync(Cancellation)).Outcome);
        var status = node.GetStatus();
        Assert.Equal((null, published.Digest), (status.Current, status.Next!.Digest));
        Assert.Equal(UpdateOutcome.UpToDate, (await node.UpdateAsync(Cancellation)).Outcome);

        await node.ActivateAsync(Cancellation);

        status = node.GetStatus();
        Assert.Equal((published.Digest, null), (status.Current!.Digest, status.Next));
        Assert.Equal(FaultKind.Nothing, (await Assert.ThrowsAsync<NodeException>(() => node.ActivateAsync(Cancellation))).Kind);
    }

    [Fact]
    public async Task RollBack_ThenUpdate_StaysUntilANewerRelease()
    {
        await using var node = await TestSite.StartNodeAsync(_site.NewNode());
        Assert.Equal(FaultKind.Nothing, (await Assert.ThrowsAsync<NodeException>(() => node.RollBackAsync(Cancellation))).Kind);
        await _site.PublishAsync("1.0", ImageBytes);
        await node.UpdateAsync(Cancellation);
        await _site.PublishAsync("2.0", ImageBytes);
        await node.UpdateAsync(Cancellation);

        Assert.Equal("1.0", (await node.RollBackAsync(Cancellation)).Release.Version);
        Assert.Equal(UpdateOutcome.Held, (await node.UpdateAsync(Cancellation)).Outcome);
        Assert.Equal(("1.0", "2.0"), (node.GetStatus().Current!.Version, node.GetStatus().Held!.Version));

        Assert.Equal("2.0", (await node.ActivateAsync(Cancellation)).Release.Version);
        Assert.Null(node.GetStatus().Held);
        await node.RollBackAsync(Cancellation);
        await _site.PublishAsync("3.0", ImageBytes);
        Assert.Equal(UpdateOutcome.Activated, (await node.UpdateAsync(Cancellation)).Outcome);
        Assert.Equal(("3.0", null), (node.GetStatus().Current!.Version, node.GetStatus().Held));
    }

    [Fact]
    public async Task Update_ManifestSignedByStranger_IsRefused()
    {
        var first = await _site.PublishAsync("1.0", ImageBytes);
        await using var node = await TestSite.StartNodeAsync(_site.NewNode());
        await node.UpdateAsync(Cancellation);
        var second = await _site.PublishAsync("2.0", ImageBytes);
        var path = RepositoryLayout.Manifest(second.Digest);
        var stranger = SignedEnvelope.Sign(MetadataRole.Release, second.Manifest.Encode(), [SigningKey.Generate()]);
        _site.Replace(path, stranger.Encode());

        Assert.Equal(FaultKind.Refused, (await FailAsync(node)).Kind);

        Assert.Equal(first.Digest, node.GetStatus().Current!.Digest);
        _site.Restore(path);
        Assert.Equal(UpdateOutcome.Activated, (await node.UpdateAsync(Cancellation)).Outcome);
    }

    [Fact]
    public async Task Update_OlderChannel_IsRefused()
    {
        await _site.PublishAsync("1.0", ImageBytes);
        var path = RepositoryLayout.Channel("web", "stable");
        var old = await File.ReadAllBytesAsync(_site.PathOf(path), Cancellation);
        var second = await _site.PublishAsync("2.0", ImageBytes);
        await using var node = await TestSite.StartNodeAsync(_site.NewNode());
        await node.UpdateAsync(Cancellation);
        _site.Replace(path, old);

        var exception = await Assert.ThrowsAsync<TrustException>(() => node.UpdateAsync(Cancellation));

        Assert.Equal(TrustFault.Rollback, exception.Fault);
        Assert.Equal(second.Digest, node.GetStatus().Current!.Digest);
        Assert.Equal(FaultKind.Refused, node.GetStatus().LastFault!.Kind);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    public async Task Update_OneBitOfTheChannelChanged_IsRefused(int fromEnd)
    {
        await _site.PublishAsync("1.0", ImageBytes);
        var path = RepositoryLayout.Channel("web", "stable");
        var bytes = await File.ReadAllBytesAsync(_site.PathOf(path), Cancellation);
        bytes[^(fromEnd + 1)] ^= 1;
        _site.Replace(path, bytes);
        await using var node = await TestSite.StartNodeAsync(_site.NewNode());
        Assert.Equal(FaultKind.Refused, (await FailAsync(node)).Kind);
        Assert.Null(node.GetStatus().Current);
    }

    [Fact]
    public async Task Update_TorrentOfAnotherRelease_IsRefused()
    {
        var first = await _site.PublishAsync("1.0", ImageBytes);
        var second = await _site.PublishAsync("2.0", ImageBytes);
        var torrent = await File.ReadAllBytesAsync(_site.PathOf(RepositoryLayout.Torrent(first.Digest)), Cancellation);
        _site.Replace(RepositoryLayout.Torrent(second.Digest), torrent);
        await using var node = await TestSite.StartNodeAsync(_site.NewNode());
        var fault = await FailAsync(node);
        Assert.Contains("release.torrent: info hash", fault.Line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Update_NoSuchChannel_SaysSo()
    {
        await _site.PublishAsync("1.0", ImageBytes);
        await using var node = await TestSite.StartNodeAsync(_site.NewNode() with { Follow = new FollowedChannel("web", "beta") });
        var fault = await FailAsync(node);
        Assert.Equal((FaultKind.Nothing, "the server has no channel web/beta"), (fault.Kind, fault.Line));
    }

    [Fact]
    public async Task Update_TrackerDown_UsesThePeerItWasTold()
    {
        await _site.PublishAsync("1.0", ImageBytes);
        _site.IsTrackerUp = false;
        var seed = new DnsEndPoint("127.0.0.1", _site.SeedEndPoint.Port);
        await using var node = await TestSite.StartNodeAsync(_site.NewNode() with { Peers = [seed] });
        Assert.Equal(UpdateOutcome.Activated, (await node.UpdateAsync(Cancellation)).Outcome);
    }

    [Fact]
    public async Task Update_ServerAndSeedGone_FinishesWithANeighbour()
    {
        var published = await _site.PublishAsync("1.0", ImageBytes);
        await using var neighbour = await TestSite.StartNodeAsync(_site.NewNode());
        await neighbour.UpdateAsync(Cancellation);
        // the second node learns of the release, and then loses everyone it learned it from
        await _site.StopSeedAsync();
        var options = _site.NewNode() with { StallTimeout = TimeSpan.FromSeconds(5) };
        await using (var alone = await TestSite.StartNodeAsync(options))
            Assert.Contains("no progress", (await FailAsync(alone)).Line, StringComparison.Ordinal);
        _site.IsUp = false;

        var peer = new DnsEndPoint("127.0.0.1", neighbour.Port);
        await using var node = await TestSite.StartNodeAsync(options with { Peers = [peer] });
        var result = await node.UpdateAsync(Cancellation);

        Assert.Equal((UpdateOutcome.Activated, published.Digest), (result.Outcome, result.Release.Digest));
        Assert.Equal(UpdateOutcome.UpToDate, (await node.UpdateAsync(Cancellation)).Outcome);
        // nobody is left who could say whether it is still what the channel wants
        await neighbour.DisposeAsync();
        Assert.Equal(FaultKind.Unreachable, (await FailAsync(node)).Kind);
        Assert.Equal(published.Digest, node.GetStatus().Current!.Digest);
    }

    [Fact]
    public async Task Update_NoPeerToReach_FetchesTheReleaseOverHttp()
    {
        var published = await _site.PublishAsync("1.0", ImageBytes);
        await _site.StopSeedAsync();
        _site.HasPayload = true;
        await using var node = await TestSite.StartNodeAsync(_site.NewNode());

        var result = await node.UpdateAsync(Cancellation);

        Assert.Equal((UpdateOutcome.Activated, published.Digest), (result.Outcome, result.Release.Digest));
        var sources = Assert.Single(node.GetStatus().Updates).Sources;
        Assert.Equal(ImageBytes, sources.Http);
        Assert.Equal(0, sources.Lan + sources.Wan);
    }

    [Fact]
    public async Task Update_ServerNeverThere_IsUnreachable()
    {
        _site.IsUp = false;
        await using var node = await TestSite.StartNodeAsync(_site.NewNode());
        Assert.Equal(FaultKind.Unreachable, (await FailAsync(node)).Kind);
    }

    [Fact]
    public async Task Update_Restarted_ServesWithoutFetching()
    {
        var published = await _site.PublishAsync("1.0", ImageBytes);
        var options = _site.NewNode();
        await using (var first = await TestSite.StartNodeAsync(options))
            await first.UpdateAsync(Cancellation);
        await _site.StopSeedAsync();
        await using var again = await TestSite.StartNodeAsync(options);
        Assert.Equal((published.Digest, 1), (again.GetStatus().Current!.Digest, again.GetStatus().Sharing));
        Assert.Single(again.GetStatus().Updates);
        await using var other = await TestSite.StartNodeAsync(_site.NewNode() with { Peers = [new DnsEndPoint("127.0.0.1", again.Port)] });
        Assert.Equal(UpdateOutcome.Activated, (await other.UpdateAsync(Cancellation)).Outcome);
        await WaitAsync(() => again.GetStatus().SentLanBytes + again.GetStatus().SentWanBytes >= ImageBytes);
    }

    [Fact]
    public async Task Start_SecondNodeOnOneStateDirectory_IsRefused()
    {
        var options = _site.NewNode();
        await using var first = await TestSite.StartNodeAsync(options);
        var fault = await Assert.ThrowsAsync<NodeException>(() => TestSite.StartNodeAsync(options));
        Assert.Contains("another stateless process", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_NoTrustFile_SaysSo()
    {
        var fault = await Assert.ThrowsAsync<NodeException>(() => TestSite.StartNodeAsync(_site.NewNode() with { TrustPath = _site["none"] }));
        Assert.Contains("--trust", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Update_Cancelled_StopsAndResumes()
    {
        await using var slow = await TestSite.StartAsync(seedBytesPerSecond: 1 << 20);
        const int Bytes = 6 << 20;
        await slow.PublishAsync("1.0", Bytes);
        var options = slow.NewNode();
        await using (var node = await TestSite.StartNodeAsync(options))
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            var update = node.UpdateAsync(stop.Token);
            await WaitAsync(() => node.GetStatus().Progress is { DoneBytes: > 1 << 20 });
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => update);
        }
        await using var again = await TestSite.StartNodeAsync(options);
        await again.UpdateAsync(Cancellation);
        var record = Assert.Single(again.GetStatus().Updates);
        Assert.InRange(record.Sources.Disk, 1 << 20, Bytes - 1);
        Assert.InRange(record.Sources.Disk + record.Sources.Lan + record.Sources.Wan, Bytes, Bytes + (1 << 20));
    }

    [Fact]
    public async Task Update_AskedWhileOneRuns_JoinsIt()
    {
        await using var slow = await TestSite.StartAsync(seedBytesPerSecond: 1 << 20);
        await slow.PublishAsync("1.0", 2 << 20);
        await using var node = await TestSite.StartNodeAsync(slow.NewNode());
        var first = node.UpdateAsync(Cancellation);
        await WaitAsync(() => node.GetStatus().Progress is not null);
        using var impatient = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var gone = node.UpdateAsync(impatient.Token);
        var second = node.UpdateAsync(Cancellation);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        Assert.Equal(UpdateOutcome.Activated, (await first).Outcome);
        Assert.Same(await first, await second);
    }

    [Fact]
    public async Task Update_ChannelMovesOnMeanwhile_TakesTheNewer()
    {
        await using var slow = await TestSite.StartAsync(seedBytesPerSecond: 1 << 20);
        await slow.PublishAsync("1.0", 12 << 20);
        await using var node = await TestSite.StartNodeAsync(slow.NewNode());
        var update = node.UpdateAsync(Cancellation);
        await WaitAsync(() => node.GetStatus().Progress is { DoneBytes: > 0 });
        await slow.PublishAsync("2.0", 1 << 20);
        Assert.Equal("2.0", (await update).Release.Version);
        Assert.Equal("2.0", Assert.Single(node.GetStatus().Updates).Version);
        Assert.Null(node.GetStatus().Previous);
    }

    [Fact]
    public async Task Update_StagedBytesRotten_AreHashedAgainAndFetched()
    {
        await using var slow = await TestSite.StartAsync(seedBytesPerSecond: 1 << 20);
        const int Bytes = 4 << 20;
        var published = await slow.PublishAsync("1.0", Bytes);
        var options = slow.NewNode();
        await using (var node = await TestSite.StartNodeAsync(options))
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            var update = node.UpdateAsync(stop.Token);
            await WaitAsync(() => node.GetStatus().Progress is { DoneBytes: > 2 << 20 });
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => update);
        }
        // every piece the journal calls verified is zeros now
        var staged = Path.Combine(options.StateDirectory, "staging", published.Digest.ToString(), "root.squashfs");
        await File.WriteAllBytesAsync(staged, new byte[Bytes], Cancellation);

        await using var again = await TestSite.StartNodeAsync(options);
        var fault = await FailAsync(again);
        Assert.Contains("root.squashfs", fault.Line, StringComparison.Ordinal);
        Assert.Null(again.GetStatus().Current);
        await again.UpdateAsync(Cancellation);
        Assert.Equal(published.Digest, again.GetStatus().Current!.Digest);
    }

    private static async Task WaitAsync(Func<bool> condition)
    {
        while (!condition())
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Cancellation);
    }
}
