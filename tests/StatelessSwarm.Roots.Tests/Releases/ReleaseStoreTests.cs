using StatelessSwarm.Content;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Platform.Files;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Roots.Tests.Support;

namespace StatelessSwarm.Roots.Tests.Releases;

public sealed class ReleaseStoreTests : IDisposable
{
    private readonly TemporaryDirectory _state = new();
    private readonly SampleRelease _sample = SampleRelease.Random(1);

    public void Dispose() => _state.Dispose();

    [Fact]
    public void Stage_NewRelease_HasFilesOfFullLengthAndItsMetadata()
    {
        var store = ReleaseStore.Open(_state.Path);
        var staged = _sample.Stage(store);
        Assert.Equal((_state[$"staging/{_sample.Digest}"], true), (staged.Directory, staged.IsStaged));
        foreach (var file in _sample.Manifest.Files)
            Assert.Equal(new byte[file.Length], File.ReadAllBytes(staged.PathOf(file)));
        Assert.Equal(_sample.Envelope, File.ReadAllBytes(staged.ManifestPath));
        Assert.Equal(_sample.Torrent, File.ReadAllBytes(staged.TorrentPath));
        Assert.Null(store.Find(_sample.Digest));
        Assert.Empty(store.List());
    }

    [Fact]
    public void Stage_Again_KeepsWhatWasFetchedAndTheJournal()
    {
        var staged = _sample.StageAndFill(ReleaseStore.Open(_state.Path));
        File.WriteAllText(staged.JournalPath, "journal");
        File.WriteAllText(staged.ManifestPath, "torn");
        var again = _sample.Stage(ReleaseStore.Open(_state.Path));
        Assert.True(_sample.IsIn(again.Directory));
        Assert.Equal("journal", File.ReadAllText(again.JournalPath));
    }

    [Fact]
    public void Stage_EnvelopeOfAnotherRelease_IsRefusedBeforeAnythingIsWritten()
    {
        var store = ReleaseStore.Open(_state.Path);
        var other = SampleRelease.Random(2);
        Assert.Throws<ContentException>(
            () => store.Stage(_sample.Digest, _sample.Manifest, other.Envelope, _sample.Torrent)
        );
        Assert.Throws<ContentException>(
            () => store.Stage(_sample.Digest, other.Manifest, _sample.Envelope, _sample.Torrent)
        );
        Assert.Throws<ContentException>(
            () => store.Stage(_sample.Digest, _sample.Manifest, new byte[] { 0x93, 1 }, _sample.Torrent)
        );
        Assert.Empty(Directory.EnumerateFileSystemEntries(_state["staging"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData(".hidden")]
    [InlineData("a/b")]
    [InlineData("a\0b")]
    [InlineData("manifest.mp")]
    [InlineData("release.torrent.new")]
    [InlineData("resume")]
    public void CheckNames_NameThatWouldLeaveOrCollide_IsRefused(string name)
    {
        var file = _sample.Manifest.Files[0] with { Name = name };
        Assert.Throws<ContentException>(() => ReleaseReader.CheckNames(_sample.Manifest with { Files = [file] }));
    }

    [Fact]
    public async Task Commit_CompleteFiles_MovesThemReadOnlyAndTellsProgress()
    {
        var store = ReleaseStore.Open(_state.Path);
        var staged = _sample.StageAndFill(store);
        File.WriteAllText(staged.JournalPath, "journal");
        File.WriteAllText(staged.ManifestPath + ".new", "left over");
        var progress = new LastReport();
        var release = await store.CommitAsync(staged, progress, CancellationToken.None);
        Assert.Equal(_state[$"releases/{_sample.Digest}"], release.Directory);
        Assert.True(_sample.IsIn(release.Directory));
        Assert.Equal(_sample.Manifest.TotalBytes, progress.Largest);
        Assert.All(
            release.Manifest.Files,
            file =>
                Assert.Equal(
                    UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
                    FileFacts.Of(release.PathOf(file))!.Mode
                )
        );
        Assert.Equal(
            ["manifest.mp", "release.torrent", "root.squashfs", "root.verity", "vmlinuz"],
            Directory.EnumerateFiles(release.Directory).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
        Assert.Empty(Directory.EnumerateFileSystemEntries(_state["staging"]));
        var found = ReleaseStore.Open(_state.Path).Find(_sample.Digest)!;
        Assert.Equal(_sample.Manifest.Encode(), found.Manifest.Encode());
        await ReleaseStore.VerifyAsync(found, null, CancellationToken.None);
    }

    [Fact]
    public async Task Commit_AgainAndFromTwoStores_GivesTheSameRelease()
    {
        var stores = new[] { ReleaseStore.Open(_state.Path), ReleaseStore.Open(_state.Path) };
        var staged = _sample.StageAndFill(stores[0]);
        var committed = await Task.WhenAll(
            stores.Select(store => Task.Run(() => store.CommitAsync(staged, null, CancellationToken.None)))
        );
        Assert.Equal(committed[0].Directory, committed[1].Directory);
        var again = await stores[1].CommitAsync(staged, null, CancellationToken.None);
        Assert.Equal(committed[0].Directory, again.Directory);
        var complete = _sample.Stage(stores[0]);
        Assert.Equal((again.Directory, false), (complete.Directory, complete.IsStaged));
        Assert.True(_sample.IsIn(again.Directory));
    }

    /// <summary>Goal: every way in which a file can be wrong is found, named, and leaves the release in staging.</summary>
    [Theory]
    [InlineData("bit", "root.squashfs: SHA-256")]
    [InlineData("kernel", "vmlinuz: SHA-256")]
    [InlineData("short", "root.squashfs: 20479 bytes, expected 20480")]
    [InlineData("long", "root.squashfs: 20481 bytes, expected 20480")]
    [InlineData("missing", "vmlinuz: missing")]
    public async Task Commit_WrongFile_NamesItAndStaysInStaging(string damage, string message)
    {
        var store = ReleaseStore.Open(_state.Path);
        var staged = _sample.StageAndFill(store);
        var image = (byte[])_sample.Contents["root.squashfs"].Clone();
        var kernel = Path.Combine(staged.Directory, "vmlinuz");
        switch (damage)
        {
            case "bit":
                image[^1] ^= 1;
                File.WriteAllBytes(staged.RootPath, image);
                break;
            case "kernel":
                File.WriteAllBytes(kernel, new byte[5000]);
                break;
            case "short":
                File.WriteAllBytes(staged.RootPath, image[..^1]);
                break;
            case "long":
                File.WriteAllBytes(staged.RootPath, [.. image, 0]);
                break;
            default:
                File.Delete(kernel);
                break;
        }
        var fault = await Assert.ThrowsAsync<ContentException>(
            () => store.CommitAsync(staged, null, CancellationToken.None)
        );
        Assert.StartsWith(message, fault.Message, StringComparison.Ordinal);
        Assert.Null(store.Find(_sample.Digest));
        _sample.Fill(_sample.Stage(store));
        Assert.True(_sample.IsIn((await store.CommitAsync(staged, null, CancellationToken.None)).Directory));
    }

    [Fact]
    public async Task Commit_WrongVerityRoot_IsRefusedThoughTheFileIsRight()
    {
        var store = ReleaseStore.Open(_state.Path);
        var sample = _sample.With(manifest =>
            manifest with
            {
                Verity = manifest.Verity with { RootHash = Sha256Digest.HashData([9]) },
            }
        );
        var staged = sample.StageAndFill(store);
        var fault = await Assert.ThrowsAsync<ContentException>(
            () => store.CommitAsync(staged, null, CancellationToken.None)
        );
        Assert.StartsWith("root.squashfs: dm-verity root", fault.Message, StringComparison.Ordinal);
        Assert.Null(store.Find(sample.Digest));
    }

    [Fact]
    public async Task Commit_Cancelled_StaysInStaging()
    {
        var store = ReleaseStore.Open(_state.Path);
        var staged = _sample.StageAndFill(store);
        using var cancellation = new CancellationTokenSource();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => store.CommitAsync(staged, null, cancellation.Token)
        );
        Assert.True(Directory.Exists(staged.Directory));
        Assert.Null(store.Find(_sample.Digest));
    }

    [Fact]
    public async Task Commit_ImageOfSeveralBuffers_IsHashedWhole()
    {
        var store = ReleaseStore.Open(_state.Path);
        var large = SampleRelease.Random(3, imageBlocks: 600); // 2.4 MB: three buffers, two levels of verity
        var staged = large.StageAndFill(store);
        Assert.True(large.IsIn((await store.CommitAsync(staged, null, CancellationToken.None)).Directory));
    }

    /// <summary>
    /// Goal: a release whose medium rotted is not found, says why, and is replaced as a whole by staging it again.
    /// </summary>
    [Fact]
    public async Task Find_DamagedRelease_IsNotFoundUntilCommittedAnew()
    {
        var store = ReleaseStore.Open(_state.Path);
        var release = await _sample.AddToAsync(store);
        File.Delete(release.PathOf(release.Manifest.Root));
        Assert.Null(store.Find(_sample.Digest));
        Assert.Empty(store.List());
        Assert.Equal("root.squashfs: missing", store.FindProblem(_sample.Digest));
        var anew = await _sample.AddToAsync(store);
        Assert.True(_sample.IsIn(anew.Directory));
        Assert.Null(store.FindProblem(_sample.Digest));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_state["staging"]));
        File.WriteAllBytes(anew.ManifestPath, SampleRelease.Random(2).Envelope);
        Assert.Contains("expected " + _sample.Digest, store.FindProblem(_sample.Digest), StringComparison.Ordinal);
        File.WriteAllBytes(anew.ManifestPath, new byte[100_000]);
        Assert.Contains("at most", store.FindProblem(_sample.Digest), StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_SeveralReleases_AreSortedAndStrangersLeftAlone()
    {
        var store = ReleaseStore.Open(_state.Path);
        var samples = Enumerable.Range(1, 3).Select(number => SampleRelease.Random(number)).ToArray();
        foreach (var sample in samples)
            await sample.AddToAsync(store);
        Directory.CreateDirectory(_state["releases/notes"]);
        Assert.Equal(
            samples.Select(sample => sample.Digest).Order(),
            store.List().Select(release => release.Digest)
        );
    }

    [Fact]
    public void Open_NotADirectory_NamesThePath()
    {
        File.WriteAllText(_state["file"], "");
        var fault = Assert.ThrowsAny<IOException>(() => ReleaseStore.Open(_state["file"]));
        Assert.Contains(_state["file"], fault.Message, StringComparison.Ordinal);
    }

    private sealed class LastReport : IProgress<long>
    {
        public long Largest { get; private set; }

        public void Report(long value)
        {
            lock (this)
                Largest = Math.Max(Largest, value);
        }
    }
}
