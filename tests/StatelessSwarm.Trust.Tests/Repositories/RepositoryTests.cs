using System.Diagnostics;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Content.Verity;
using StatelessSwarm.Trust.Client;
using StatelessSwarm.Trust.Repositories;
using StatelessSwarm.Trust.Roles;

namespace StatelessSwarm.Trust.Tests.Repositories;

public sealed class RepositoryTests : IDisposable
{
    private readonly TestRepository _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task Publish_ImageKernelInitrd_IsThereSoundAndBelievable()
    {
        var image = _test.Image("big", 600 * 1024);
        var request = _test.Request("1.0", image) with
        {
            KernelPath = _test.Other("kernel", [.. Enumerable.Repeat((byte)7, 20_000)]),
            InitrdPath = _test.Other("initrd", [1, 2, 3]),
            Channels = ["stable", "beta"],
            Trackers = ["http://192.0.2.1:8080/announce"],
            WebSeeds = ["http://192.0.2.1:8080/releases/"],
        };
        var reports = new List<long>();
        var published = await _test.Repository.PublishAsync(
            request,
            [_test.Key],
            new Reports(reports),
            CancellationToken.None
        );

        var manifest = published.Manifest;
        Assert.Equal(1, manifest.Build);
        Assert.Equal(["initrd.img", "root.squashfs", "vmlinuz"], manifest.Files.Select(file => file.Name));
        Assert.Equal(600 * 1024 + 20_003, reports[^1]);
        Assert.Equal(Sha256Digest.HashData(manifest.Encode()), published.Digest);
        Assert.Equal([published.Digest], _test.Reopen().ListReleases());
        Assert.Equal(manifest.Encode(), _test.Reopen().ReadManifest(published.Digest).Encode());
        Assert.Equal(["beta", "stable"], _test.Reopen().ListChannels().Select(pointer => pointer.Channel));
        Assert.Empty(await _test.CheckAsync());

        var bytes = await File.ReadAllBytesAsync(image);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(_test.At(RepositoryLayout.File(published.Digest, manifest, manifest.Root))));
        Assert.Equal(Sha256Digest.HashData(bytes), manifest.Root.Sha256);
        Assert.Equal(VerityTreeBuilder.RootHash(bytes, manifest.Verity.Salt.Span), manifest.Verity.RootHash);
        var torrent = Metainfo.Parse(await File.ReadAllBytesAsync(_test.At(RepositoryLayout.Torrent(published.Digest))));
        Assert.Equal(manifest.TorrentHash, torrent.Info.V2Hash);
        Assert.Equal("web-1.0", torrent.Info.Name);

        Believe(published, "stable");
        Believe(published, "beta");
    }

    [Theory]
    [InlineData("root.squashfs", "mksquashfs TREE IMAGE -quiet -no-progress -comp zstd")]
    [InlineData("root.erofs", "mkfs.erofs --quiet IMAGE TREE")]
    public async Task Publish_ImageOfTheRealBuilder_HasItsNameAndTheVerityRootOfVeritysetup(string name, string builder)
    {
        Directory.CreateDirectory(_test.At("../tree"));
        for (var index = 0; index < 40; index++)
            await File.WriteAllBytesAsync(_test.At($"../tree/{index}"), new byte[index * 1000]);
        var image = Path.GetFullPath(_test.At("../image"));
        await RunAsync([.. builder.Split(' ').Select(word => word.Replace("TREE", _test.At("../tree"), StringComparison.Ordinal).Replace("IMAGE", image, StringComparison.Ordinal))]);

        var published = await _test.PublishAsync(_test.Request("1.0", image));

        var verity = published.Manifest.Verity;
        Assert.Equal(name, published.Manifest.Root.Name);
        Assert.Equal(32, verity.Salt.Length);
        var printed = await RunAsync(
            "veritysetup",
            "format",
            "--no-superblock",
            $"--salt={Convert.ToHexStringLower(verity.Salt.Span)}",
            image,
            _test.At("../tree.verity")
        );
        Assert.Contains(verity.RootHash.ToString(), printed, StringComparison.Ordinal);
        Assert.Empty(await _test.CheckAsync());
    }

    private static async Task<string> RunAsync(params string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        var printed = await process.StandardOutput.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        Assert.Equal(0, process.ExitCode);
        return printed;
    }

    /// <summary>Walks a reader over the files as it would over HTTP.</summary>
    private void Believe(PublishedRelease published, string channel)
    {
        var reader = TrustedMetadata.Open(_test.At("../reader"), Read(RepositoryLayout.RootVersion(1)), _test.Time);
        while (File.Exists(_test.At(RepositoryLayout.RootVersion(reader.RootVersion + 1))))
            reader.AcceptRoot(Read(RepositoryLayout.RootVersion(reader.RootVersion + 1)));
        var pointer = reader.AcceptChannel(Read(RepositoryLayout.Channel("web", channel)), "web", channel);
        Assert.Equal(published.Digest, pointer.Release);
        var manifest = reader.AcceptManifest(Read(RepositoryLayout.Manifest(pointer.Release)), pointer);
        Assert.Equal(published.Manifest.Encode(), manifest.Encode());
    }

    private byte[] Read(string relative) => File.ReadAllBytes(_test.At(relative));

    [Fact]
    public async Task Publish_TwiceFromEqualInput_GivesEqualBytes()
    {
        using var other = new TestRepository();
        var first = await _test.PublishAsync(_test.Request("1.0"));
        var second = await other.PublishAsync(other.Request("1.0", _test.Image("image 1.0")));

        Assert.Equal(first.Digest, second.Digest);
        var files = RepositoryTree.Entries(_test.Location).Order().ToArray();
        Assert.Equal(files, RepositoryTree.Entries(other.Location).Order());
        foreach (var file in files)
            Assert.Equal(Read(file), File.ReadAllBytes(other.At(file)));
    }

    [Fact]
    public async Task Publish_NextVersion_CountsBuildAndSerial()
    {
        await _test.PublishAsync(_test.Request("1.0"));
        var second = await _test.PublishAsync(_test.Request("1.1"));
        await _test.PublishAsync(_test.Request("1.0") with { Product = "mail" });

        Assert.Equal(2, second.Manifest.Build);
        var pointers = _test.Repository.ListChannels();
        Assert.Equal([("mail", 1L, 1L), ("web", 2L, 2L)], pointers.Select(each => (each.Product, each.Serial, each.Build)));
        Assert.Equal(second.Digest, pointers[1].Release);
        Assert.Equal(3, _test.Repository.ListReleases().Count);
        Believe(second, "stable");
        Assert.Empty(await _test.CheckAsync());
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Publish_BuildNotAboveTheHighest_IsRefused(long build)
    {
        await _test.PublishAsync(_test.Request("1.0") with { Build = 5 });

        var refusal = await Assert.ThrowsAsync<TrustException>(
            () => _test.PublishAsync(_test.Request("1.1") with { Build = build })
        );
        Assert.Equal(TrustFault.Rollback, refusal.Fault);
        Assert.Single(_test.Repository.ListReleases());
        Assert.Empty(await _test.CheckAsync());
    }

    [Fact]
    public async Task Publish_SameVersionTwice_IsRefusedAndNamesTheRelease()
    {
        var first = await _test.PublishAsync(_test.Request("1.0"));

        var refusal = await Assert.ThrowsAsync<IOException>(() => _test.PublishAsync(_test.Request("1.0")));
        Assert.Contains("web 1.0 is published already", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(first.Digest.ToString(), refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_KeyWithoutTheRole_IsRefusedBeforeAnythingIsCopied()
    {
        var refusal = await Assert.ThrowsAsync<TrustException>(
            () =>
                _test.Repository.PublishAsync(
                    _test.Request("1.0"),
                    [TestKeys.Named("stranger")],
                    progress: null,
                    CancellationToken.None
                )
        );

        Assert.Equal(TrustFault.NotEnoughSignatures, refusal.Fault);
        Assert.Empty(_test.Repository.ListReleases());
        Assert.Empty(await _test.CheckAsync());
    }

    [Theory]
    [InlineData("../x", "1.0", "stable")]
    [InlineData("web", "1/0", "stable")]
    [InlineData("web", "", "stable")]
    [InlineData("web", "1.0", "../../stable")]
    public async Task Publish_HostileName_IsRefused(string product, string version, string channel)
    {
        var request = _test.Request("1.0") with { Product = product, Version = version, Channels = [channel] };

        Assert.Equal(
            TrustFault.Malformed,
            (await Assert.ThrowsAsync<TrustException>(() => _test.PublishAsync(request))).Fault
        );
    }

    [Fact]
    public async Task Publish_NoImageOrOddLength_IsRefusedAndLeavesNothing()
    {
        var noise = _test.Request("1.0", _test.Other("noise", new byte[8192]));
        Assert.Contains(
            noise.RootPath,
            (await Assert.ThrowsAsync<ContentException>(() => _test.PublishAsync(noise))).Message,
            StringComparison.Ordinal
        );
        var odd = _test.Request("1.0", _test.Image("odd", 8192 + 512));
        Assert.Contains(
            "padded to 4096",
            (await Assert.ThrowsAsync<ContentException>(() => _test.PublishAsync(odd))).Message,
            StringComparison.Ordinal
        );
        var empty = _test.Request("1.0") with { KernelPath = _test.Other("empty", []) };
        await Assert.ThrowsAsync<ContentException>(() => _test.PublishAsync(empty));
        var missing = _test.Request("1.0") with { InitrdPath = _test.At("nothing") };
        await Assert.ThrowsAnyAsync<IOException>(() => _test.PublishAsync(missing));

        Assert.Empty(_test.Repository.ListReleases());
        Assert.Empty(await _test.CheckAsync());
        Assert.False(Directory.Exists(_test.At(RepositoryLayout.Staging)));
    }

    [Fact]
    public async Task Publish_WhileAnotherPublisherHoldsTheLock_IsRefused()
    {
        using (new FileStream(_test.At(RepositoryLayout.Lock), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
        {
            var refusal = await Assert.ThrowsAsync<IOException>(() => _test.PublishAsync(_test.Request("1.0")));
            Assert.Contains("another publisher", refusal.Message, StringComparison.Ordinal);
        }
        await _test.PublishAsync(_test.Request("1.0"));
    }

    [Fact]
    public async Task Publish_Cancelled_LeavesNothing()
    {
        using var cancellation = new CancellationTokenSource();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _test.Repository.PublishAsync(_test.Request("1.0"), [_test.Key], progress: null, cancellation.Token)
        );
        Assert.Empty(_test.Repository.ListReleases());
        Assert.Empty(await _test.CheckAsync());
    }

    [Fact]
    public async Task PointChannel_HigherBuildAndRenewal_CountUpAndLowerBuildIsRefused()
    {
        var first = await _test.PublishAsync(_test.Request("1.0"));
        var second = await _test.PublishAsync(_test.Request("1.1") with { Channels = [] });
        var days = TimeSpan.FromDays(7);

        Assert.Equal(2, _test.Repository.PointChannel(first.Digest, "stable", days, [_test.Key]).Serial);
        var pointer = _test.Repository.PointChannel(second.Digest, "stable", days, [_test.Key]);
        Assert.Equal((3L, 2L), (pointer.Serial, pointer.Build));
        Assert.Equal(TestSite.Now + 7 * 86_400, pointer.ExpiresUnixSeconds);
        Assert.Equal(
            TrustFault.Rollback,
            Assert
                .Throws<TrustException>(() => _test.Repository.PointChannel(first.Digest, "stable", days, [_test.Key]))
                .Fault
        );
        Assert.Throws<IOException>(() => _test.Repository.PointChannel(default, "stable", days, [_test.Key]));
        Believe(second, "stable");
        Assert.Empty(await _test.CheckAsync());
    }

    [Fact]
    public async Task PublishRoot_NewKeyAndThreshold_IsFollowedByReaders()
    {
        await _test.PublishAsync(_test.Request("1.0"));
        var second = TestKeys.Named("second publisher");
        var next = RootMetadata.SameKeys(
            2,
            [_test.Key.PublicKey, second.PublicKey],
            1,
            _test.Time.GetUtcNow(),
            TimeSpan.FromDays(30)
        );
        Assert.Equal(
            TrustFault.NotEnoughSignatures,
            Assert.Throws<TrustException>(() => _test.Repository.PublishRoot(next, [second])).Fault
        );
        Assert.Equal(
            TrustFault.BrokenRootChain,
            Assert.Throws<TrustException>(() => _test.Repository.PublishRoot(next with { Version = 3 }, [_test.Key])).Fault
        );

        _test.Repository.PublishRoot(next, [_test.Key, second]);
        var published = await _test.Reopen().PublishAsync(
            _test.Request("1.1"),
            [second],
            progress: null,
            CancellationToken.None
        );
        Assert.Equal(2, _test.Reopen().ReadRoot().Version);
        Believe(published, "stable");
        Assert.Empty(await _test.CheckAsync());
    }

    [Fact]
    public void Init_DirectoryNotEmpty_IsRefused() =>
        Assert.Contains(
            "not empty",
            Assert.Throws<IOException>(() => Repository.Init(_test.Location, [_test.Key], _test.Time)).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Open_NoRepository_NamesTheDirectory()
    {
        using var empty = new TempDirectory();

        Assert.Contains(
            empty.Root,
            Assert.Throws<IOException>(() => Repository.Open(empty.Root, _test.Time)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void VeritySalt_OfKnownRelease_IsFrozen() =>
        Assert.Equal(
            Convert.ToHexStringLower(
                System.Security.Cryptography.SHA256.HashData("stateless/verity-salt\0web\01.0\07\0"u8)
            ),
            Convert.ToHexStringLower(Publisher.VeritySalt("web", "1.0", 7))
        );

    private sealed class Reports(List<long> seen) : IProgress<long>
    {
        public void Report(long value) => seen.Add(value);
    }
}
