using StatelessSwarm.Content;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Seed.Releases;
using StatelessSwarm.Seed.Tests.Hosting;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Seed.Tests.Releases;

public sealed class RepositorySourceTests : IDisposable
{
    private readonly PublishedRepository _repository = new();

    [Fact]
    public async Task Load_PublishedRelease_FitsItsTorrent()
    {
        var published = await _repository.PublishAsync("1.0");
        var source = new RepositorySource(_repository.Repository, verify: true);

        var release = await source.LoadAsync(Assert.Single(source.List()), CancellationToken.None);

        Assert.Equal(published.Digest, release.Digest);
        Assert.Equal([_repository.PayloadPath(published)], release.FilePaths);
        Assert.Equal(2, release.SwarmNames.Count);
        Assert.Equal("stable", Assert.Single(source.ListChannels()).Channel);
    }

    [Fact]
    public async Task Load_ShortPayload_IsRefused()
    {
        var published = await _repository.PublishAsync("1.0");
        await using (var file = File.OpenWrite(_repository.PayloadPath(published)))
            file.SetLength(file.Length - 1);

        var fault = await LoadFaultAsync<ContentException>(published, verify: false);

        Assert.EndsWith("602111 bytes, expected 602112", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_MissingPayload_IsRefused()
    {
        var published = await _repository.PublishAsync("1.0");
        File.Delete(_repository.PayloadPath(published));

        Assert.Contains("root.squashfs", (await LoadFaultAsync<IOException>(published, verify: false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_ChangedPayload_IsRefusedWhenVerifying()
    {
        var published = await _repository.PublishAsync("1.0");
        await using (var file = File.OpenWrite(_repository.PayloadPath(published)))
        {
            file.Position = 300_000;
            file.WriteByte(1);
            file.WriteByte(2);
        }

        Assert.Contains("SHA-256", (await LoadFaultAsync<ContentException>(published, verify: true)).Message, StringComparison.Ordinal);
        var trusting = new RepositorySource(_repository.Repository, verify: false);
        Assert.NotNull(await trusting.LoadAsync(published.Digest, CancellationToken.None));
    }

    [Fact]
    public async Task Load_TorrentOfAnotherRelease_IsRefused()
    {
        var first = await _repository.PublishAsync("1.0");
        var second = await _repository.PublishAsync("2.0");
        File.Copy(
            Path.Combine(_repository.Directory, RepositoryLayout.Torrent(second.Digest)),
            Path.Combine(_repository.Directory, RepositoryLayout.Torrent(first.Digest)),
            overwrite: true
        );

        Assert.Contains("v2 info hash", (await LoadFaultAsync<ContentException>(first, verify: false)).Message, StringComparison.Ordinal);
    }

    /// <summary>A release is known by its v2 hash, and its torrent is hybrid: the same files in a torrent of another kind are refused.</summary>
    [Theory]
    [InlineData(TorrentKind.V1)]
    [InlineData(TorrentKind.V2)]
    public async Task Load_TorrentOfAnotherKind_IsRefused(TorrentKind kind)
    {
        var published = await _repository.PublishAsync("1.0");
        var path = Path.Combine(_repository.Directory, RepositoryLayout.Torrent(published.Digest));
        var info = Metainfo.Parse(await File.ReadAllBytesAsync(path)).Info;
        await using (var payload = File.OpenRead(_repository.PayloadPath(published)))
        {
            var other = await TorrentBuilder.BuildAsync(
                new TorrentBuildOptions { Name = info.Name, PieceLength = info.PieceLength, Kind = kind },
                [new TorrentBuildFile(info.Files[0].Path, payload, payload.Length)],
                null,
                CancellationToken.None
            );
            await File.WriteAllBytesAsync(path, other);
        }

        Assert.Contains("v2 info hash", (await LoadFaultAsync<ContentException>(published, verify: false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Http_WholeRepository_IsServedAsItLies()
    {
        // Goal: what a mirror or a node reads over HTTP are the repository's bytes, every file of them and nothing else.
        await _repository.PublishAsync("1.0");
        await _repository.PublishAsync("2.0+b~1");
        await using var server = await TestServer.StartAsync(
            options => options with { RepositoryDirectory = _repository.Directory },
            new RepositorySource(_repository.Repository, verify: false)
        );
        var served = 0;
        foreach (var path in Directory.EnumerateFiles(_repository.Directory, "*", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(_repository.Directory, path);
            using var answer = await server.Http.GetAsync(relative.Replace("+", "%2B", StringComparison.Ordinal));
            if (relative.StartsWith('.'))
            {
                Assert.Equal(System.Net.HttpStatusCode.NotFound, answer.StatusCode);
                continue;
            }
            Assert.Equal(await File.ReadAllBytesAsync(path), await answer.Content.ReadAsByteArrayAsync());
            served++;
        }
        Assert.True(served >= 9, $"only {served} files");
        Assert.Equal(2, server.Seed.ReleaseCount);
        Assert.Contains("web/stable", await server.Http.GetStringAsync("/"), StringComparison.Ordinal);
    }

    public void Dispose() => _repository.Dispose();

    private async Task<TException> LoadFaultAsync<TException>(PublishedRelease release, bool verify)
        where TException : Exception =>
        await Assert.ThrowsAnyAsync<TException>(() =>
            new RepositorySource(_repository.Repository, verify).LoadAsync(release.Digest, CancellationToken.None)
        );
}
