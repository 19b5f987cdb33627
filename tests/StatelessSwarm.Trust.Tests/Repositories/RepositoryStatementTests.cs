using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Client;
using StatelessSwarm.Trust.Identities;
using StatelessSwarm.Trust.Keys;
using StatelessSwarm.Trust.Repositories;
using StatelessSwarm.Trust.Roles;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Trust.Tests.Repositories;

/// <summary>What a repository says beside releases and channels.</summary>
public sealed class RepositoryStatementTests : IDisposable
{
    private readonly TestRepository _test = new();
    private readonly SigningKey _timeKey = TestKeys.Named("time");

    public void Dispose() => _test.Dispose();

    private static Sha256Digest Id(int number) => Sha256Digest.HashData([(byte)number]);

    [Fact]
    public async Task Publish_WithAuthority_ClosesBothTorrentsAndIsSound()
    {
        using var directory = new TempDirectory();
        using var authority = SwarmAuthority.Create(directory.At("authority"), TimeSpan.FromDays(10), _test.Time);
        await _test.PublishAsync(_test.Request("1.0"));
        _test.Repository.SetAuthority(authority.Certificate);
        var closed = await _test.PublishAsync(_test.Request("2.0"));
        foreach (var path in (string[])[RepositoryLayout.Torrent(closed.Digest), RepositoryLayout.ChunkMapTorrent(closed.Digest)])
            Assert.Equal(_test.Repository.ReadAuthority(), Metainfo.Parse(File.ReadAllBytes(_test.At(path))).Info.Authority);
        Assert.Empty(await _test.CheckAsync());
        _test.Repository.SetAuthority(null);
        var open = await _test.PublishAsync(_test.Request("3.0"));
        Assert.Null(Metainfo.Parse(File.ReadAllBytes(_test.At(RepositoryLayout.Torrent(open.Digest)))).Info.Authority);
        Assert.Empty(await _test.CheckAsync());
    }

    [Fact]
    public async Task Revoke_CountsUpAndTakesBack()
    {
        Assert.Empty(_test.Repository.ReadRevokedKeys());
        Assert.Equal(1, _test.Repository.Revoke([Id(1), Id(2)], [], [_test.Key]).Version);
        Assert.Equal(2, _test.Repository.Revoke([Id(3)], [Id(1)], [_test.Key]).Version);
        Assert.Equal(new[] { Id(2), Id(3) }.Order(), _test.Repository.ReadRevokedKeys().Order());
        Assert.Throws<TrustException>(() => _test.Repository.Revoke([Id(4)], [], [TestKeys.Named("stranger")]));
        Assert.Empty(await _test.CheckAsync());
    }

    [Fact]
    public async Task Check_StatementSignedByAStranger_NamesIt()
    {
        _test.Repository.Revoke([Id(1)], [], [_test.Key]);
        var list = RevocationList.Decode(SignedEnvelope.Decode(File.ReadAllBytes(_test.At(RepositoryLayout.Revoked)), RevocationList.MaxBytes).Payload);
        File.WriteAllBytes(_test.At(RepositoryLayout.Revoked), SignedEnvelope.Sign(MetadataRole.Identity, list.Encode(), [TestKeys.Named("stranger")]).Encode());
        Assert.Equal(RepositoryLayout.Revoked, Assert.Single(await _test.CheckAsync()).Path);
        Assert.Throws<TrustException>(() => _test.Repository.ReadRevokedKeys());
    }

    /// <summary>The whole life of a time role: given, signed, renewed with each publish by who can, expired, and found by the check.</summary>
    [Fact]
    public async Task SignTime_NamesWhatIsCurrent_AndPublishingRenewsIt()
    {
        GiveTimeRole();
        Assert.Equal(RepositoryLayout.Time, Assert.Single(await _test.CheckAsync()).Path);
        _test.Repository.SignTime(TimeSpan.FromHours(48), [_timeKey]);
        await _test.Repository.PublishAsync(_test.Request("1.0"), [_test.Key], null, TestContext.Current.CancellationToken);
        Assert.Empty(_test.Repository.ReadTime()!.Channels);
        await _test.Repository.PublishAsync(_test.Request("2.0"), [_test.Key, _timeKey], null, TestContext.Current.CancellationToken);
        var statement = _test.Repository.ReadTime()!;
        Assert.Equal((2, 2L), (statement.RootVersion, statement.SerialOf("web", "stable")));
        Assert.Equal(48 * 3600, statement.ExpiresUnixSeconds - statement.IssuedUnixSeconds);
        Assert.Empty(await _test.CheckAsync());
        _test.Repository.Revoke([Id(1)], [], [_test.Key, _timeKey]);
        Assert.Equal(1, _test.Repository.ReadTime()!.RevocationVersion);
        _test.Time.Advance(TimeSpan.FromHours(49));
        Assert.Contains("expired", Assert.Single(await _test.CheckAsync()).Problem, StringComparison.Ordinal);
    }

    /// <summary>What the repository signs, a reader takes.</summary>
    [Fact]
    public async Task Reader_FollowsRootTimeRevocationsAndChannel()
    {
        using var directory = new TempDirectory();
        var shipped = File.ReadAllBytes(_test.At(RepositoryLayout.Root));
        GiveTimeRole();
        await _test.PublishAsync(_test.Request("1.0"));
        _test.Repository.Revoke([Id(1)], [], [_test.Key]);
        _test.Repository.SignTime(TimeSpan.FromHours(1), [_timeKey]);
        var reader = TrustedMetadata.Open(directory.At("trust"), shipped, _test.Time);
        reader.AcceptRoot(File.ReadAllBytes(_test.At(RepositoryLayout.RootVersion(2))));
        reader.AcceptRevocations(File.ReadAllBytes(_test.At(RepositoryLayout.Revoked)));
        reader.AcceptTime(File.ReadAllBytes(_test.At(RepositoryLayout.Time)));
        reader.AcceptChannel(File.ReadAllBytes(_test.At(RepositoryLayout.Channel("web", "stable"))), "web", "stable");
        Assert.Equal([Id(1)], reader.RevokedKeys, EqualityComparer<Sha256Digest>.Default);
    }

    [Fact]
    public async Task Resign_AfterTheKeyWasReplaced_SignsStatementsToo()
    {
        GiveTimeRole();
        await _test.PublishAsync(_test.Request("1.0"));
        _test.Repository.Revoke([Id(1)], [], [_test.Key]);
        _test.Repository.SignTime(TimeSpan.FromHours(1), [_timeKey]);
        var (next, nextTime) = (TestKeys.Named("next"), TestKeys.Named("next time"));
        var root = _test.Repository.ReadRoot();
        var holders = new RoleKeys(1, [next.PublicKey.Id]);
        _test.Repository.PublishRoot(
            root with
            {
                Version = root.Version + 1,
                Keys = [.. new[] { _test.Key.PublicKey, next.PublicKey, nextTime.PublicKey }.OrderBy(key => key.Id)],
                Roles = new Dictionary<MetadataRole, RoleKeys>(root.Roles)
                {
                    [MetadataRole.Release] = holders,
                    [MetadataRole.Channel] = holders,
                    [MetadataRole.Time] = new(1, [nextTime.PublicKey.Id]),
                },
            },
            [_test.Key]
        );
        Assert.NotEmpty(await _test.CheckAsync());
        Assert.Equal(4, _test.Repository.Resign([next, nextTime]).Renewed);
        Assert.Empty(await _test.CheckAsync());
    }

    /// <summary>A team publishes its product with its own key: the check, a reader and signing again go along with it, other products do not.</summary>
    [Fact]
    public async Task Publish_ByTheDelegated_OnlyTheirProduct()
    {
        var (team, ops) = (TestKeys.Named("team"), TestKeys.Named("ops"));
        var root = _test.Repository.ReadRoot();
        _test.Repository.PublishRoot(
            root with
            {
                Version = 2,
                Keys = [.. root.Keys.Append(ops.PublicKey).OrderBy(key => key.Id)],
                Roles = new Dictionary<MetadataRole, RoleKeys>(root.Roles) { [MetadataRole.Channel] = new(1, [ops.PublicKey.Id]) },
            },
            [_test.Key]
        );
        SigningKey[] keys = [team, ops];
        await Assert.ThrowsAsync<TrustException>(() => _test.Repository.PublishAsync(_test.Request("1.0"), keys, null, TestContext.Current.CancellationToken));
        Assert.Equal(1, _test.Repository.Delegate("web", [team.PublicKey], 1, TimeSpan.FromDays(10), [_test.Key]).Version);
        await _test.Repository.PublishAsync(_test.Request("1.0"), keys, null, TestContext.Current.CancellationToken);
        var other = _test.Request("1.0") with { Product = "mail" };
        await Assert.ThrowsAsync<TrustException>(() => _test.Repository.PublishAsync(other, keys, null, TestContext.Current.CancellationToken));
        Assert.Empty(await _test.CheckAsync());
        Assert.Equal(0, _test.Repository.Resign([_test.Key, ops]).Renewed);
        // taken back: what only they have signed is believed no more, until somebody else signs it
        Assert.Equal(2, _test.Repository.Delegate("web", [], 0, TimeSpan.FromDays(10), [_test.Key]).Version);
        Assert.NotEmpty(await _test.CheckAsync());
        Assert.Equal(1, _test.Repository.Resign([_test.Key, ops]).Renewed);
        Assert.Empty(await _test.CheckAsync());
    }

    private void GiveTimeRole()
    {
        var root = _test.Repository.ReadRoot();
        _test.Repository.PublishRoot(
            root with
            {
                Version = root.Version + 1,
                Keys = [.. root.Keys.Append(_timeKey.PublicKey).OrderBy(key => key.Id)],
                Roles = new Dictionary<MetadataRole, RoleKeys>(root.Roles) { [MetadataRole.Time] = new(1, [_timeKey.PublicKey.Id]) },
            },
            [_test.Key]
        );
    }
}
