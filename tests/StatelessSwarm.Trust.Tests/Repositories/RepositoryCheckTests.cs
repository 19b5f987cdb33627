using StatelessSwarm.Trust.Keys;
using StatelessSwarm.Trust.Repositories;
using StatelessSwarm.Trust.Roles;

namespace StatelessSwarm.Trust.Tests.Repositories;

public sealed class RepositoryCheckTests : IDisposable
{
    private readonly TestRepository _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task Check_AnyBitOfAnyFileFlipped_IsFound()
    {
        // Goal: rot anywhere is reported, and on the right file where a signature covers it.
        // Method: two releases (one with two pieces, kernel, initrd, trackers), two signers, two root versions; in every file a
        // spread of positions with the first and last bytes, one bit each.
        var second = TestKeys.Named("second");
        SigningKey[] keys = [_test.Key, second];
        _test.Repository.PublishRoot(
            RootMetadata.SameKeys(2, keys.Select(key => key.PublicKey), 1, _test.Time.GetUtcNow(), TimeSpan.FromDays(30)),
            keys
        );
        var big = _test.Request("1.0", _test.Image("big", 260 * 1024)) with
        {
            KernelPath = _test.Other("kernel", [.. Enumerable.Range(0, 17_000).Select(at => (byte)(at % 251))]),
            InitrdPath = _test.Other("initrd", [1, 2, 3]),
            Trackers = ["http://192.0.2.1/announce"],
            WebSeeds = ["http://192.0.2.1/releases/"],
        };
        await _test.Repository.PublishAsync(big, keys, progress: null, CancellationToken.None);
        await _test.Repository.PublishAsync(_test.Request("1.1"), keys, progress: null, CancellationToken.None);
        Assert.Empty(await _test.CheckAsync());

        var random = new Random(42);
        var files = RepositoryTree.Entries(_test.Location).Where(path => new FileInfo(_test.At(path)).Length > 0).ToArray();
        Assert.Equal(3 + 1 + 2 * 5 + 4, files.Length);
        foreach (var path in files)
        {
            var good = await File.ReadAllBytesAsync(_test.At(path));
            foreach (var at in Positions(random, good.Length))
            {
                await File.WriteAllBytesAsync(_test.At(path), Bits.Flip(good, at * 8L + random.Next(8)));
                var problems = await _test.CheckAsync();
                Assert.True(problems.Count > 0, $"{path} byte {at}");
                var release = string.Join('/', path.Split('/').Take(2));
                Assert.Contains(problems, problem => problem.Path.StartsWith(release, StringComparison.Ordinal));
                if (path.EndsWith(".squashfs", StringComparison.Ordinal) || path.EndsWith("vmlinuz", StringComparison.Ordinal))
                    Assert.All(problems, problem => Assert.Equal(path, problem.Path));
            }
            await File.WriteAllBytesAsync(_test.At(path), good);
        }
        Assert.Empty(await _test.CheckAsync());
    }

    private static IEnumerable<int> Positions(Random random, int length)
    {
        const int Count = 40;
        if (length <= Count)
            return Enumerable.Range(0, length);
        return Enumerable
            .Range(0, Count)
            .Select(index => random.Next(index * length / Count, (index + 1) * length / Count))
            .Concat([0, 1, length - 2, length - 1])
            .Distinct();
    }

    [Fact]
    public async Task Check_EachFileMissing_IsFound()
    {
        await _test.PublishAsync(_test.Request("1.0"));
        foreach (var path in RepositoryTree.Entries(_test.Location).ToArray())
        {
            File.Move(_test.At(path), _test.At("../aside"));
            if (path == RepositoryLayout.Root)
            {
                Assert.Throws<IOException>(() => _test.Reopen());
            }
            else if (path.StartsWith(RepositoryLayout.Channels, StringComparison.Ordinal))
            {
                // A channel that is gone is no fault of what remains, but its empty directory is one.
                Assert.NotEmpty(await _test.CheckAsync());
            }
            else
            {
                Assert.Contains(await _test.CheckAsync(), problem => problem.Path == path && problem.Problem == "missing.");
            }
            File.Move(_test.At("../aside"), _test.At(path));
        }
        Assert.Empty(await _test.CheckAsync());
    }

    [Fact]
    public async Task Check_StrayFilesLinksAndDirectories_AreReported()
    {
        var published = await _test.PublishAsync(_test.Request("1.0"));
        var release = RepositoryLayout.Release(published.Digest);
        string[] strays =
        [
            "stray",
            "metadata/5.root.mp",
            "metadata/channels/web/Stable.mp",
            "metadata/channels/web/note.txt",
            "releases/notes",
            $"{release}/web-1.0/extra",
            $"{release}/manifest.mp.bak",
        ];
        foreach (var stray in strays)
            await File.WriteAllBytesAsync(_test.At(stray), [1]);
        Directory.CreateDirectory(_test.At("releases/empty"));
        File.CreateSymbolicLink(_test.At("metadata/link"), "/etc/hostname");

        var problems = await _test.CheckAsync();
        Assert.Equal(
            strays.Append("releases/empty").Append("metadata/link").Order(StringComparer.Ordinal),
            problems.Select(problem => problem.Path).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Check_PayloadReplacedByALink_IsReported()
    {
        var published = await _test.PublishAsync(_test.Request("1.0"));
        var path = RepositoryLayout.File(published.Digest, published.Manifest, published.Manifest.Root);
        File.Move(_test.At(path), _test.At("../elsewhere"));
        File.CreateSymbolicLink(_test.At(path), _test.At("../elsewhere"));

        Assert.Contains(await _test.CheckAsync(), problem => problem.Path == path);
    }

    [Fact]
    public async Task Check_PointerToAnOlderCopy_IsNotFoundButToAnotherChannelIs()
    {
        await _test.PublishAsync(_test.Request("1.0") with { Channels = ["stable", "beta"] });
        File.Copy(
            _test.At(RepositoryLayout.Channel("web", "beta")),
            _test.At(RepositoryLayout.Channel("web", "stable")),
            overwrite: true
        );

        var problem = Assert.Single(await _test.CheckAsync());
        Assert.Equal(RepositoryLayout.Channel("web", "stable"), problem.Path);
        Assert.Contains("web/beta", problem.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_AfterExpiry_NamesPointerAndRoot()
    {
        await _test.PublishAsync(_test.Request("1.0"));
        _test.Time.Advance(TimeSpan.FromDays(400));

        var problems = await _test.CheckAsync();
        Assert.Equal(
            [RepositoryLayout.Channel("web", "stable"), RepositoryLayout.Root],
            problems.Select(problem => problem.Path).Order(StringComparer.Ordinal)
        );
        Assert.All(problems, problem => Assert.Contains("expired", problem.Problem, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Check_Progress_CountsEveryPayloadByte()
    {
        await _test.PublishAsync(_test.Request("1.0", _test.Image("three", 3 * 1024 * 1024)));
        var seen = new List<long>();
        await _test.Repository.CheckAsync(new Reports(seen), CancellationToken.None);

        Assert.Equal(3 * 1024 * 1024, seen[^1]);
        Assert.InRange(seen.Count, 2, 4);
    }

    private sealed class Reports(List<long> seen) : IProgress<long>
    {
        public void Report(long value) => seen.Add(value);
    }
}
