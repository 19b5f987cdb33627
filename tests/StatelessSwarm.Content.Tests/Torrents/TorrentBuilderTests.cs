using StatelessSwarm.Content.Torrents;
using static StatelessSwarm.Content.Tests.Torrents.TorrentSamples;

namespace StatelessSwarm.Content.Tests.Torrents;

public sealed class TorrentBuilderTests
{
    [Fact]
    public async Task Build_FilesInAnyOrder_EqualBytes()
    {
        var expected = await BuildAsync(Awkward);
        Assert.Equal(expected, await BuildAsync([.. Awkward.Reverse()]));
        Assert.Equal(expected, await BuildAsync(Awkward));
    }

    [Fact]
    public async Task Build_ReadsInDribbles_EqualBytes()
    {
        (string, int) file = ("root.squashfs", 9_000_000);
        var content = Bytes(file);
        using var dribble = new DribblingStream(content);
        var options = new TorrentBuildOptions { Name = "r", PieceLength = PieceLength };
        var expected = await TorrentBuilder.BuildHybridAsync(
            options, [new TorrentBuildFile("root.squashfs", new MemoryStream(content), content.Length)], null, TestContext.Current.CancellationToken);
        var actual = await TorrentBuilder.BuildHybridAsync(
            options, [new TorrentBuildFile("root.squashfs", dribble, content.Length)], null, TestContext.Current.CancellationToken);
        Assert.Equal(expected, actual);
    }

    [Fact]
    public async Task Build_OneFileNamedLikeTheTorrent_IsASingleFileTorrent()
    {
        var info = Metainfo.Parse(await BuildAsync([("root.squashfs", 100_000)], name: "root.squashfs")).Info;
        Assert.False(info.IsMultiFile);
        Assert.Equal("root.squashfs", info.Files.Single().Path);
        Assert.True(Metainfo.Parse(await BuildAsync([("root.squashfs", 100_000)])).Info.IsMultiFile);
        Assert.True(Metainfo.Parse(await BuildAsync([("r/r", 100)], name: "r")).Info.IsMultiFile);
    }

    [Theory]
    [InlineData(TorrentKind.Hybrid)]
    [InlineData(TorrentKind.V1)]
    [InlineData(TorrentKind.V2)]
    public async Task Build_CommentCreatorAndPrograms_AreReadBack(TorrentKind kind)
    {
        var options = new TorrentBuildOptions { Name = "n", Kind = kind, Comment = "für Leute", CreatedBy = "us 1.0" };
        TorrentBuildFile[] files = [new("a", new MemoryStream([1]), 1) { IsExecutable = true }, new("b", new MemoryStream([2]), 1)];
        var metainfo = Metainfo.Parse(await TorrentBuilder.BuildAsync(options, files, null, TestContext.Current.CancellationToken));
        Assert.Equal(("für Leute", "us 1.0"), (metainfo.Comment, metainfo.CreatedBy));
        Assert.Equal([true, false], metainfo.Info.Files.Select(file => file.IsExecutable));
        var again = Metainfo.Parse(metainfo.Encode());
        Assert.Equal((metainfo.Comment, metainfo.CreatedBy), (again.Comment, again.CreatedBy));
        foreach (var wrong in (string[])["", "a\nb", new string('x', Metainfo.MaxTextBytes + 1)])
        {
            await Assert.ThrowsAsync<ContentException>(() =>
                TorrentBuilder.BuildAsync(options with { Comment = wrong }, files, null, TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task Build_V1PiecesAcrossFilesAndReads_HashTheConcatenation()
    {
        // Files longer than one read, so that pieces span both files and reads.
        (string, int)[] files = [("a", 5_000_001), ("b", 3), ("c", 0), ("d", 4_500_000)];
        var info = Metainfo.Parse(await BuildAsync(files, kind: TorrentKind.V1)).Info;
        byte[] content = [.. files.SelectMany(Bytes)];
        for (var piece = 0; piece < info.PieceCount; piece++)
        {
            var bytes = content.AsSpan(piece * PieceLength, info.WireLength(new(piece)));
            Assert.True(info.V1PieceHash(new(piece)).SequenceEqual(System.Security.Cryptography.SHA1.HashData(bytes)));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData("./a")]
    [InlineData("a/../b")]
    [InlineData("a%0Ab")]
    public async Task Build_EvilPath_Refused(string path)
    {
        var fault = await Assert.ThrowsAsync<ContentException>(() => BuildAsync([(Uri.UnescapeDataString(path), 10)]));
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Fact]
    public async Task Build_WrongInput_Refused()
    {
        await Assert.ThrowsAsync<ContentException>(() => BuildAsync([("\ud800", 10)]));
        await Assert.ThrowsAsync<ContentException>(() => BuildAsync([]));
        await Assert.ThrowsAsync<ContentException>(() => BuildAsync([("a", 0)]));
        await Assert.ThrowsAsync<ContentException>(() => BuildAsync([("a", 10), ("a", 10)]));
        await Assert.ThrowsAsync<ContentException>(() => BuildAsync([("a", 10), ("a/b", 10)]));
        await Assert.ThrowsAsync<ContentException>(() => BuildAsync([("a", 10)], pieceLength: 20_000));
        await Assert.ThrowsAsync<ContentException>(() => BuildAsync([("a", 10)], pieceLength: 8192));
        await Assert.ThrowsAsync<ContentException>(() => BuildAsync([("a", 10)], pieceLength: 1 << 25));
        await Assert.ThrowsAsync<ContentException>(() => BuildAsync([("a", 10)], name: "x/y"));
        await Assert.ThrowsAsync<ContentException>(() => Said(10, 11));
        await Assert.ThrowsAsync<ContentException>(() => Said(11, 10));
        await Assert.ThrowsAsync<ContentException>(() => Said(1, 0));

        static Task<byte[]> Said(int held, int said) =>
            TorrentBuilder.BuildHybridAsync(
                new TorrentBuildOptions { Name = "n" },
                [new TorrentBuildFile("a", new MemoryStream(new byte[held]), said), new TorrentBuildFile("b", new MemoryStream([1]), 1)],
                null,
                TestContext.Current.CancellationToken
            );
    }

    [Fact]
    public async Task Build_Progress_EndsAtTheTotal()
    {
        var told = new Told();
        var files = new TorrentBuildFile[] { new("a", new MemoryStream(new byte[9_000_000]), 9_000_000), new("b", new MemoryStream(new byte[5]), 5) };
        await TorrentBuilder.BuildHybridAsync(new TorrentBuildOptions { Name = "n" }, files, told, TestContext.Current.CancellationToken);
        Assert.Equal(9_000_005, told.Values[^1]);
        Assert.Equal(told.Values.Order(), told.Values);
        Assert.InRange(told.Values.Count, 2, 10);
    }

    [Fact]
    public async Task Build_Cancelled_Stops()
    {
        using var cancellation = new CancellationTokenSource();
        await cancellation.CancelAsync();
        var file = new TorrentBuildFile("a", new MemoryStream(new byte[10]), 10);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            TorrentBuilder.BuildHybridAsync(new TorrentBuildOptions { Name = "n" }, [file], null, cancellation.Token));
    }

    [Theory]
    [InlineData(1, 256)]
    [InlineData(1L << 30, 256)]
    [InlineData((1L << 30) + 1, 512)]
    [InlineData((2L << 30) + 1, 1024)]
    [InlineData((8L << 30) + 1, 4096)]
    [InlineData(1L << 44, 4096)]
    public void DefaultPieceLength_Content_Table(long bytes, int kibibytes) =>
        Assert.Equal(kibibytes * 1024, TorrentBuilder.DefaultPieceLength(bytes));

    private sealed class Told : IProgress<long>
    {
        public List<long> Values { get; } = [];

        public void Report(long value) => Values.Add(value);
    }

    private sealed class DribblingStream(byte[] content) : MemoryStream(content)
    {
        private int _turn;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, 1 + _turn++ * 7919 % 100_000)], cancellationToken);
    }
}
