using System.Net;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Node.Tests.Support;
using StatelessSwarm.Node.Updating;
using StatelessSwarm.Swarm.Identities;
using StatelessSwarm.Testing.Identities;
using StatelessSwarm.Trust.Identities;
using StatelessSwarm.Trust.Repositories;
using StatelessSwarm.Trust.Roles;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Node.Tests.Identities;

/// <summary>Nodes of a closed swarm, the server gone: metadata and images go from member to member, and to nobody else.</summary>
public sealed class ClosedNodeTests : IAsyncLifetime
{
    private const int ImageBytes = 60 * 4096;

    private readonly TestAuthority _authority = new();
    private TestSite _site = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _site = await TestSite.StartAsync(authority: _authority);

    public async ValueTask DisposeAsync()
    {
        await _site.DisposeAsync();
        _authority.Dispose();
    }

    [Fact]
    public async Task Update_Member_GetsEverythingFromANeighbour()
    {
        var published = await _site.PublishAsync("1.0", ImageBytes);
        await using var neighbour = await CompleteAsync(Member());
        await SwitchOffAsync();
        await using var node = await TestSite.StartNodeAsync(Member(neighbour));
        var result = await node.UpdateAsync(Cancellation);
        Assert.Equal((UpdateOutcome.Activated, published.Digest), (result.Outcome, result.Release.Digest));
    }

    /// <summary>The chunk map's torrent is closed as well, also the one that a node makes itself from the image it holds.</summary>
    [Fact]
    public async Task Update_NextRelease_ReusesWhatIsHere()
    {
        await _site.PublishAsync("1.0", ImageBytes);
        await using var node = await CompleteAsync(Member());
        await node.IndexAsync(Cancellation);
        await _site.PublishAsync("2.0", _site["image-1.0"]);
        await node.UpdateAsync(Cancellation);
        var record = node.GetStatus().Updates[^1];
        Assert.Equal(("2.0", ImageBytes), (record.Version, record.Sources.Disk));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("another authority")]
    public async Task Update_Stranger_GetsNothingFromANeighbour(string who)
    {
        using var others = new TestAuthority();
        await _site.PublishAsync("1.0", ImageBytes);
        await using var neighbour = await CompleteAsync(Member());
        await SwitchOffAsync();
        var options = _site.NewNode() with { Peers = [At(neighbour)], IdentityDirectory = who == "nobody" ? null : others.NewIdentity() };
        await using var stranger = await TestSite.StartNodeAsync(options);
        var fault = Fault.Of(await Assert.ThrowsAsync<NodeException>(() => stranger.UpdateAsync(Cancellation)));
        Assert.Equal(FaultKind.Unreachable, fault.Kind);
    }

    /// <summary>A release of a closed swarm says what is missing, wherever its metadata came from.</summary>
    [Fact]
    public async Task Update_WithoutIdentity_SaysThatTheSwarmIsClosed()
    {
        await _site.PublishAsync("1.0", ImageBytes);
        await using var node = await TestSite.StartNodeAsync(_site.NewNode());
        var fault = await Assert.ThrowsAsync<IdentityException>(() => node.UpdateAsync(Cancellation));
        Assert.Contains("its swarm is closed", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Revoked_Member_IsOutWithOneLookAtTheRepository()
    {
        await _site.PublishAsync("1.0", ImageBytes);
        await using var neighbour = await CompleteAsync(Member());
        var revoked = Member(neighbour);
        using (var identity = SwarmIdentity.Open(revoked.IdentityDirectory!, TimeProvider.System))
            _site.Repository.Revoke([identity.KeyId], [], [_site.Key]);
        await neighbour.UpdateAsync(Cancellation);
        await SwitchOffAsync();
        await using var node = await TestSite.StartNodeAsync(revoked);
        await Assert.ThrowsAsync<NodeException>(() => node.UpdateAsync(Cancellation));
        // one that knows the neighbour alone hears of it there, and keeps it over a restart
        var learner = Member(neighbour);
        await using (var first = await TestSite.StartNodeAsync(learner))
            await first.UpdateAsync(Cancellation);
        await using var again = await TestSite.StartNodeAsync(learner with { Peers = [] });
        await using var last = await TestSite.StartNodeAsync(revoked with { StateDirectory = _site["again"], RunDirectory = _site["again-run"], Peers = [At(again)] });
        await Assert.ThrowsAsync<NodeException>(() => last.UpdateAsync(Cancellation));
    }

    /// <summary>The time role: without a statement that is in time nothing new is installed, whoever hands on the rest.</summary>
    [Fact]
    public async Task Update_TimeRole_StatementKeptBackOrOld_InstallsNothing()
    {
        var root = _site.Repository.ReadRoot();
        _site.Repository.PublishRoot(
            root with
            {
                Version = 2,
                Roles = new Dictionary<MetadataRole, RoleKeys>(root.Roles) { [MetadataRole.Time] = root.Roles[MetadataRole.Channel] },
            },
            [_site.Key]
        );
        await _site.PublishAsync("1.0", ImageBytes);
        await using var node = await TestSite.StartNodeAsync(Member());
        await Assert.ThrowsAsync<Trust.TrustException>(() => node.UpdateAsync(Cancellation));
        _site.Repository.SignTime(TimeSpan.FromHours(1), [_site.Key]);
        Assert.Equal(UpdateOutcome.Activated, (await node.UpdateAsync(Cancellation)).Outcome);
        // the statement of today beside the pointer of yesterday
        var yesterday = await File.ReadAllBytesAsync(_site.PathOf(RepositoryLayout.Channel("web", "stable")), Cancellation);
        await _site.PublishAsync("2.0", ImageBytes);
        _site.Replace(RepositoryLayout.Channel("web", "stable"), yesterday);
        var fault = await Assert.ThrowsAsync<Trust.TrustException>(() => node.UpdateAsync(Cancellation));
        Assert.Equal(Trust.TrustFault.Rollback, fault.Fault);
        Assert.Equal("1.0", node.GetStatus().Current!.Version);
    }

    /// <summary>A release that only its product's team has signed: the node finds the delegation, and a neighbour hands it on.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Update_ReleaseOfADelegatedProduct_IsTakenFromServerAndNeighbour(bool isPinned)
    {
        var team = Trust.Keys.SigningKey.Generate();
        _site.Repository.Delegate("web", [team.PublicKey], 1, TimeSpan.FromDays(1), [_site.Key]);
        var published = await _site.PublishAsync("1.0", ImageBytes);
        // as if the team alone had signed it
        var path = _site.PathOf(RepositoryLayout.Manifest(published.Digest));
        await File.WriteAllBytesAsync(path, SignedEnvelope.Sign(MetadataRole.Release, published.Manifest.Encode(), [team]).Encode(), Cancellation);
        var follow = isPinned ? new FollowedChannel("", "", published.Digest) : new FollowedChannel("web", "stable");
        await using var neighbour = await CompleteAsync(Member());
        await using var node = await CompleteAsync(Member() with { Follow = follow });
        Assert.Equal(published.Digest, node.GetStatus().Current!.Digest);
        await SwitchOffAsync();
        await using var last = await CompleteAsync(Member(neighbour) with { Follow = follow });
        Assert.Equal(published.Digest, last.GetStatus().Current!.Digest);
    }

    /// <summary>A machine that runs for longer than its certificate gets the next one by itself, and goes on with it at once.</summary>
    [Fact]
    public async Task KeepIdentity_TwoThirdsAreOver_TakesTheNextCertificate()
    {
        await _site.PublishAsync("1.0", ImageBytes);
        // of the eight days five are over, and more
        var directory = _authority.NewIdentity(beginsInDays: -6, endsInDays: 2);
        await using var node = await TestSite.StartNodeAsync(Member() with { IdentityDirectory = directory });
        await node.KeepIdentityAsync(Cancellation);
        using (var before = SwarmIdentity.Open(directory, TimeProvider.System))
            Assert.True(before.IsDueForRenewal);
        var renewed = new EnrolmentAnswer(_authority.Renew(directory, endsInDays: 9), _authority.Der);
        _site.Replace("renew", renewed.Encode());
        await using var again = await TestSite.StartNodeAsync(_site.NewNode() with { IdentityDirectory = directory });
        await again.KeepIdentityAsync(Cancellation);
        using var after = SwarmIdentity.Open(directory, TimeProvider.System);
        Assert.False(after.IsDueForRenewal);
        Assert.InRange((after.ExpiresAt - TimeProvider.System.GetUtcNow()).TotalDays, 8, 9);
        await again.UpdateAsync(Cancellation);
    }

    /// <summary>Whoever answers cannot put another key or another authority into the machine's place.</summary>
    [Fact]
    public async Task KeepIdentity_AnswerOfAnother_ChangesNothing()
    {
        using var others = new TestAuthority();
        var directory = _authority.NewIdentity(beginsInDays: -6, endsInDays: 2);
        var certificate = await File.ReadAllTextAsync(Path.Combine(directory, SwarmIdentity.CertificateFile), Cancellation);
        foreach (var answer in (byte[][])[others.Renew(directory, 9), _authority.Renew(_authority.NewIdentity(), 9), new byte[10]])
        {
            _site.Replace("renew", new EnrolmentAnswer(answer, _authority.Der).Encode());
            await using var node = await TestSite.StartNodeAsync(_site.NewNode() with { IdentityDirectory = directory });
            await node.KeepIdentityAsync(Cancellation);
            Assert.Equal(certificate, await File.ReadAllTextAsync(Path.Combine(directory, SwarmIdentity.CertificateFile), Cancellation));
        }
    }

    private NodeOptions Member(NodeRuntime? neighbour = null) =>
        _site.NewNode() with { IdentityDirectory = _authority.NewIdentity(), Peers = neighbour is null ? [] : [At(neighbour)] };

    private static DnsEndPoint At(NodeRuntime node) => new("127.0.0.1", node.Port);

    private static async Task<NodeRuntime> CompleteAsync(NodeOptions options)
    {
        var node = await TestSite.StartNodeAsync(options);
        await node.UpdateAsync(Cancellation);
        return node;
    }

    private async Task SwitchOffAsync()
    {
        _site.IsUp = false;
        await _site.StopSeedAsync();
    }
}
