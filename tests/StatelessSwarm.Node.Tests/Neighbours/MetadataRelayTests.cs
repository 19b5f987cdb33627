using System.Net;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Node.Tests.Support;
using StatelessSwarm.Node.Updating;
using StatelessSwarm.Testing.Http;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Node.Tests.Neighbours;

/// <summary>
/// Server, tracker and seed are gone: what to run comes from neighbours, by the same rules as from the server. A neighbour that is
/// behind, lies, or does not answer costs time and nothing else.
/// </summary>
public sealed class MetadataRelayTests : IAsyncLifetime
{
    private const int ImageBytes = 60 * 4096;

    private TestSite _site = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _site = await TestSite.StartAsync();

    public async ValueTask DisposeAsync() => await _site.DisposeAsync();

    private async Task<NodeRuntime> StartCompleteAsync(NodeOptions? options = null)
    {
        var node = await TestSite.StartNodeAsync(options ?? _site.NewNode());
        await node.UpdateAsync(Cancellation);
        return node;
    }

    private async Task SwitchOffAsync()
    {
        _site.IsUp = false;
        await _site.StopSeedAsync();
    }

    private static DnsEndPoint At(int port) => new("127.0.0.1", port);

    [Fact]
    public async Task Update_NodeThatNeverSawTheServer_GetsEverythingFromANeighbour()
    {
        var published = await _site.PublishAsync("1.0", ImageBytes);
        await using var neighbour = await StartCompleteAsync();
        await SwitchOffAsync();
        await using var node = await TestSite.StartNodeAsync(_site.NewNode() with { Peers = [At(neighbour.Port)] });
        var result = await node.UpdateAsync(Cancellation);
        Assert.Equal((UpdateOutcome.Activated, published.Digest), (result.Outcome, result.Release.Digest));
        // and hands it on itself
        await neighbour.DisposeAsync();
        await using var third = await TestSite.StartNodeAsync(_site.NewNode() with { Peers = [At(node.Port)] });
        Assert.Equal(published.Digest, (await third.UpdateAsync(Cancellation)).Release.Digest);
    }

    [Fact]
    public async Task Update_PinnedRelease_ComesFromANeighbourToo()
    {
        var published = await _site.PublishAsync("1.0", ImageBytes);
        await using var neighbour = await StartCompleteAsync();
        await SwitchOffAsync();
        var options = _site.NewNode() with { Follow = new FollowedChannel("", "", published.Digest), Peers = [At(neighbour.Port)] };
        await using var node = await TestSite.StartNodeAsync(options);
        Assert.Equal(published.Digest, (await node.UpdateAsync(Cancellation)).Release.Digest);
    }

    [Fact]
    public async Task Update_NeighbourBehind_NeverTakesAMachineBack()
    {
        await _site.PublishAsync("1.0", ImageBytes);
        var options = _site.NewNode();
        await using var behind = await StartCompleteAsync();
        var newer = await _site.PublishAsync("2.0", ImageBytes);
        await using (var first = await StartCompleteAsync(options))
            Assert.Equal("2.0", first.GetStatus().Current!.Version);
        await SwitchOffAsync();
        await using var node = await TestSite.StartNodeAsync(options with { Peers = [At(behind.Port)] });
        var fault = Fault.Of(await Assert.ThrowsAsync<NodeException>(() => node.UpdateAsync(Cancellation)));
        Assert.Equal(FaultKind.Unreachable, fault.Kind);
        Assert.Equal(newer.Digest, node.GetStatus().Current!.Digest);
        // the one that is behind learns from the other
        await using var learner = await TestSite.StartNodeAsync(_site.NewNode() with { Peers = [At(behind.Port), At(node.Port)] });
        await learner.UpdateAsync(Cancellation);
        Assert.Equal(newer.Digest, (await learner.UpdateAsync(Cancellation)).Release.Digest);
    }

    /// <summary>Every file a liar can give: bytes of another signer, damaged ones, none, or no end of them.</summary>
    [Theory]
    [InlineData("forged")]
    [InlineData("damaged")]
    [InlineData("empty")]
    [InlineData("endless")]
    [InlineData("silent")]
    public async Task Update_NeighbourThatLies_IsPassedOver(string lie)
    {
        var published = await _site.PublishAsync("1.0", ImageBytes);
        await using var neighbour = await StartCompleteAsync();
        await using var liar = new RangeFileServer(path => LieAbout(path.TrimStart('/'), lie));
        if (lie == "silent")
        {
            liar.Misbehaviour = async (_, _, cancellation) =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);
                return true;
            };
        }
        await SwitchOffAsync();
        await using var node = await TestSite.StartNodeAsync(_site.NewNode() with { Peers = [At(liar.Port), At(neighbour.Port)] });
        var result = await node.UpdateAsync(Cancellation);
        Assert.Equal((UpdateOutcome.Activated, published.Digest), (result.Outcome, result.Release.Digest));
    }

    [Fact]
    public async Task Update_RootChanged_NeighbourHandsOnTheNewOne()
    {
        var options = _site.NewNode();
        File.Copy(_site.TrustPath, _site["shipped.mp"]);
        options = options with { TrustPath = _site["shipped.mp"] };
        await _site.PublishAsync("1.0", ImageBytes);
        await using (await StartCompleteAsync(options))
        {
        }
        var root = _site.Repository.ReadRoot();
        _site.Repository.PublishRoot(root with { Version = root.Version + 1 }, [_site.Key]);
        var newer = await _site.PublishAsync("2.0", ImageBytes);
        await using var neighbour = await StartCompleteAsync();
        await SwitchOffAsync();
        await using var node = await TestSite.StartNodeAsync(options with { Peers = [At(neighbour.Port)] });
        Assert.Equal(newer.Digest, (await node.UpdateAsync(Cancellation)).Release.Digest);
    }

    [Theory]
    [InlineData("metadata/channels/web/beta.mp")]
    [InlineData("metadata/root.mp")]
    [InlineData("releases/../lock")]
    [InlineData("node.lock")]
    public async Task FileAt_WhatIsNotHandedOn_IsNotThere(string path)
    {
        await _site.PublishAsync("1.0", ImageBytes);
        await using var node = await StartCompleteAsync();
        using var client = new HttpClient();
        using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{node.Port}/{path}"), Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task FileAt_PayloadAndResumeFiles_AreNotHandedOn()
    {
        var published = await _site.PublishAsync("1.0", ImageBytes);
        await using var node = await StartCompleteAsync();
        using var client = new HttpClient();
        foreach (var (name, code) in ((string, HttpStatusCode)[])[("manifest.mp", HttpStatusCode.OK), ("release.torrent", HttpStatusCode.OK), ("root.squashfs", HttpStatusCode.NotFound), ("root.verity", HttpStatusCode.NotFound)])
        {
            using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{node.Port}/releases/{published.Digest}/{name}"), Cancellation);
            Assert.Equal((name, code), (name, answer.StatusCode));
        }
    }

    private byte[]? LieAbout(string path, string lie)
    {
        var real = _site.PathOf(path);
        switch (lie)
        {
            case "forged":
                return path == RepositoryLayout.RootVersion(2) ? File.ReadAllBytes(_site.TrustPath) : new byte[400];
            case "damaged":
                if (!File.Exists(real))
                    return null;
                var bytes = File.ReadAllBytes(real);
                bytes[bytes.Length / 2] ^= 1;
                return bytes;
            case "endless":
                return new byte[8 << 20];
            default:
                return [];
        }
    }
}
