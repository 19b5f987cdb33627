using StatelessSwarm.Trust.Repositories;
using StatelessSwarm.Trust.Roles;

namespace StatelessSwarm.Trust.Tests.Repositories;

public sealed class PublishCutTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Publish_CutAtAnyFileOperation_LeavesASoundOldOrNewState(bool losesUnsynced)
    {
        // Goal: no instant at which a cut leaves a reader with anything but the old or the new state.
        // Method: the same publish, cut at its first, second, ... file operation, until one goes through; with a disk that
        // kept everything it was told, and with one that kept only what was fsynced.
        var cuts = 0;
        for (var cutAt = 0; ; cutAt++, cuts++)
        {
            using var test = new TestRepository();
            var old = await test.PublishAsync(test.Request("1.0"));
            var request = test.Request("1.1") with { Channels = ["stable", "beta"] };
            var files = new FaultyFiles(cutAt);
            PublishedRelease? published = null;
            try
            {
                published = await test.Reopen(files).PublishAsync(request, [test.Key], null, CancellationToken.None);
            }
            catch (IOException fault)
            {
                Assert.True(files.WasCut, fault.ToString());
            }
            if (losesUnsynced)
                files.LoseUnsynced();

            var after = test.Reopen();
            var problems = await test.CheckAsync();
            Assert.True(problems.Count == 0, $"cut {cutAt}: {string.Join("; ", problems)}");
            var pointer = after.ListChannels().Single(each => each.Channel == "stable");
            Assert.Contains(old.Digest, after.ListReleases());
            Assert.True(pointer.Release == old.Digest || after.ListReleases().Contains(pointer.Release));
            if (published is not null && !files.WasCut)
            {
                Assert.Equal(published.Digest, pointer.Release);
                break;
            }
            await FinishAsync(test, request);
        }
        Assert.InRange(cuts, 20, 200);
    }

    /// <summary>What an operator does after a cut: publish again, or point the channels when the release is there.</summary>
    private static async Task FinishAsync(TestRepository test, PublishRequest request)
    {
        var repository = test.Reopen();
        var there = repository.ListReleases().Where(digest => repository.ReadManifest(digest).Version == request.Version);
        if (!there.Any())
        {
            await test.PublishAsync(request);
        }
        else
        {
            foreach (var channel in request.Channels)
                repository.PointChannel(there.Single(), channel, TimeSpan.FromDays(1), [test.Key]);
        }
        Assert.Empty(await test.CheckAsync());
        Assert.Equal(["1.1", "1.1"], test.Reopen().ListChannels().Select(pointer => pointer.Version));
        Assert.False(Directory.Exists(test.At(RepositoryLayout.Staging + "/release")));
    }

    [Fact]
    public async Task Publish_Operations_AreInAnOrderThatSurvivesACut()
    {
        using var test = new TestRepository();
        var files = new FaultyFiles(int.MaxValue);
        await test.Reopen(files).PublishAsync(test.Request("1.0"), [test.Key], null, CancellationToken.None);

        var log = files.Log;
        var moved = log.FindIndex(line => line.StartsWith("renamedir ", StringComparison.Ordinal));
        var settled = log.IndexOf($"sync {test.At(RepositoryLayout.Releases)}");
        var pointed = log.FindIndex(line => line.StartsWith("rename ", StringComparison.Ordinal));
        Assert.True(moved > 0 && moved < settled && settled < pointed);
        var created = log.Take(moved).Where(line => line.StartsWith("create ", StringComparison.Ordinal)).ToArray();
        Assert.Equal(6, created.Length);
        foreach (var path in created.Select(line => line["create ".Length..]))
        {
            var flushed = log.IndexOf($"flush {path}");
            Assert.InRange(flushed, 1, moved);
            Assert.True(log.FindLastIndex(line => line == $"write {path}") < flushed);
            Assert.InRange(log.LastIndexOf($"sync {Path.GetDirectoryName(path)}", moved), flushed, moved);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PublishRoot_CutAtAnyFileOperation_IsFinishedByTheNextPublisher(bool losesUnsynced)
    {
        for (var cutAt = 0; ; cutAt++)
        {
            using var test = new TestRepository();
            await test.PublishAsync(test.Request("1.0"));
            var next = RootMetadata.SameKeys(2, [test.Key.PublicKey], 1, test.Time.GetUtcNow(), TimeSpan.FromDays(9));
            var files = new FaultyFiles(cutAt);
            try
            {
                test.Reopen(files).PublishRoot(next, [test.Key]);
            }
            catch (IOException)
            {
                Assert.True(files.WasCut);
            }
            if (losesUnsynced)
                files.LoseUnsynced();

            var version = test.Reopen().ReadRoot().Version;
            Assert.InRange(version, 1, 2);
            await test.PublishAsync(test.Request("1.1"));
            Assert.Empty(await test.CheckAsync());
            if (!files.WasCut)
            {
                Assert.Equal(2, version);
                break;
            }
        }
    }
}
