using StatelessSwarm.Content;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Trust.Tests.Repositories;

/// <summary>Pins, withdrawals and pruning: nothing that is needed goes, nothing that was used is used again.</summary>
public sealed class RepositoryUpkeepTests : IDisposable
{
    private readonly TestRepository _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task Prune_ChannelPinAndNewest_Stay()
    {
        var releases = await PublishAsync(6);
        _test.Repository.PointChannel(releases[1], "slow", TimeSpan.FromDays(1), [_test.Key]);
        Assert.True(_test.Repository.Pin(releases[0], isPinned: true));
        Assert.False(_test.Repository.Pin(releases[0], isPinned: true));
        var plan = _test.Repository.PlanPrune(2);
        Assert.Equal([releases[3], releases[2]], plan.Deleted.Select(release => release.Digest));
        Assert.Equal(
            ["channel stable", "one of the newest 2", "channel slow", "pinned"],
            plan.Kept.Select(release => release.Reason)
        );
        Assert.Equal(6, _test.Repository.ListReleases().Count);
        Assert.Equal(plan.Bytes, _test.Repository.Prune(2).Bytes);
        Assert.Equal(new[] { releases[0], releases[1], releases[4], releases[5] }.Order(), _test.Repository.ListReleases());
        Assert.Empty(await _test.CheckAsync());
        Assert.Empty(_test.Repository.Prune(2).Deleted);
        Assert.True(_test.Repository.Pin(releases[0], isPinned: false));
        Assert.Equal(releases[0], Assert.Single(_test.Repository.Prune(2).Deleted).Digest);
    }

    /// <summary>The highest build goes, too, when it was withdrawn: neither its number nor its version comes again.</summary>
    [Fact]
    public async Task Prune_WithdrawnNewest_ItsBuildAndVersionStayUsed()
    {
        var releases = await PublishAsync(2);
        var request = _test.Request("3.0") with { Channels = [] };
        var bad = (await _test.PublishAsync(request)).Digest;
        _test.Repository.Withdraw(bad, "boots into a black screen");
        Assert.Equal(bad, Assert.Single(_test.Repository.Prune(2).Deleted).Digest);
        Assert.Empty(_test.Repository.ReadNotes().Withdrawn);
        var again = await Assert.ThrowsAsync<IOException>(() => _test.PublishAsync(request));
        Assert.Contains("a version is never used twice", again.Message, StringComparison.Ordinal);
        var low = await Assert.ThrowsAsync<TrustException>(() => _test.PublishAsync(_test.Request("3.1") with { Build = 3 }));
        Assert.Equal(TrustFault.Rollback, low.Fault);
        Assert.Equal(4, (await _test.PublishAsync(_test.Request("3.1"))).Manifest.Build);
        Assert.Equal(3, _test.Repository.ListReleases().Count);
        Assert.Contains(releases[1], _test.Repository.ListReleases());
    }

    [Fact]
    public async Task Withdraw_Release_NoChannelIsPointedAtIt()
    {
        var releases = await PublishAsync(2);
        var pointed = Assert.Throws<IOException>(() => _test.Repository.Withdraw(releases[1], "bad"));
        Assert.Contains("channel web/stable points at it", pointed.Message, StringComparison.Ordinal);
        _test.Repository.Withdraw(releases[0], "leaks memory");
        var refused = Assert.Throws<TrustException>(() => _test.Repository.PointChannel(releases[0], "beta", TimeSpan.FromDays(1), [_test.Key]));
        Assert.Contains("is withdrawn: leaks memory", refused.Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => _test.Repository.Withdraw(releases[0], "again"));
        Assert.Throws<IOException>(() => _test.Repository.Withdraw(Sha256Digest.HashData([1]), "no such"));
        Assert.Equal("leaks memory", _test.Repository.ReadNotes().WithdrawalOf(releases[0])!.Reason);
        Assert.Empty(await _test.CheckAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("two\nlines")]
    public async Task Withdraw_NoReason_IsRefused(string reason)
    {
        var releases = await PublishAsync(2);
        Assert.Throws<TrustException>(() => _test.Repository.Withdraw(releases[0], reason));
        Assert.Throws<TrustException>(() => _test.Repository.Withdraw(releases[0], new string('x', RepositoryNotes.MaxReasonBytes + 1)));
    }

    /// <summary>
    /// A prune cut at its first, second, ... file operation, with a disk that kept everything and one that kept what was fsynced: what is needed is
    /// there and sound, and the next prune ends what was begun.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Prune_CutAtAnyFileOperation_LeavesASoundRepository(bool losesUnsynced)
    {
        var cuts = 0;
        for (var cutAt = 0; ; cutAt++, cuts++)
        {
            using var test = new TestRepository();
            var releases = await PublishAsync(test, 4);
            var files = new FaultyFiles(cutAt);
            var isDone = false;
            try
            {
                test.Reopen(files).Prune(2);
                isDone = !files.WasCut;
            }
            catch (IOException)
            {
                Assert.True(files.WasCut);
            }
            if (losesUnsynced)
                files.LoseUnsynced();
            Assert.Empty(await test.CheckAsync());
            Assert.Superset(new HashSet<Sha256Digest>(releases[2..]), test.Reopen().ListReleases().ToHashSet());
            if (isDone)
                break;
            test.Reopen().Prune(2);
            Assert.Equal(releases[2..].Order(), test.Reopen().ListReleases());
            Assert.Equal(2, test.Reopen().ReadNotes().Pruned.Count);
            Assert.Equal(5, (await test.Reopen().PublishAsync(test.Request("5.0"), [test.Key], null, CancellationToken.None)).Manifest.Build);
        }
        Assert.InRange(cuts, 5, 100);
    }

    [Fact]
    public async Task Prune_AnotherPublisherAtWork_IsTold()
    {
        await PublishAsync(3);
        using var held = new FileStream(_test.At(RepositoryLayout.Lock), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        var fault = Assert.Throws<IOException>(() => _test.Repository.Prune(1));
        Assert.Contains("another publisher is at work", fault.Message, StringComparison.Ordinal);
        Assert.Equal(3, _test.Repository.ListReleases().Count);
    }

    [Theory]
    [InlineData("84")]
    [InlineData("8400")]
    [InlineData("c0")]
    public void ReadNotes_Malformed_NamesTheFile(string hex)
    {
        File.WriteAllBytes(_test.At(RepositoryLayout.Notes), Convert.FromHexString(hex));
        Assert.Contains(RepositoryLayout.Notes, Assert.Throws<ContentException>(() => _test.Repository.ReadNotes()).Message, StringComparison.Ordinal);
    }

    /// <summary>Notes that could not be read again are not written.</summary>
    [Fact]
    public void WriteNotes_TooManyEntries_IsRefusedAndTheOldOnesStay()
    {
        var digests = Enumerable.Range(0, RepositoryNotes.MaxEntries + 1).Select(number => Sha256Digest.HashData(BitConverter.GetBytes(number)));
        _test.Repository.WriteNotes(new RepositoryNotes { Pinned = [.. digests.Take(RepositoryNotes.MaxEntries)] });
        var fault = Assert.Throws<IOException>(() => _test.Repository.WriteNotes(new RepositoryNotes { Pinned = [.. digests] }));
        Assert.Contains($"expected at most {RepositoryNotes.MaxEntries}", fault.Message, StringComparison.Ordinal);
        Assert.Equal(RepositoryNotes.MaxEntries, _test.Repository.ReadNotes().Pinned.Count);
    }

    private Task<Sha256Digest[]> PublishAsync(int count) => PublishAsync(_test, count);

    private static async Task<Sha256Digest[]> PublishAsync(TestRepository test, int count)
    {
        var digests = new Sha256Digest[count];
        for (var index = 0; index < count; index++)
            digests[index] = (await test.PublishAsync(test.Request($"{index + 1}.0"))).Digest;
        return digests;
    }
}
