using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Swarm.Storage;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Swarm.Tests.Storage;

public sealed class TorrentCheckTests
{
    private const int PieceLength = 32 * 1024;

    public static TheoryData<TorrentKind, bool> Kinds =>
        new()
        {
            { TorrentKind.Hybrid, false },
            { TorrentKind.V2, false },
            { TorrentKind.V1, false },
            { TorrentKind.V1, true },
        };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Run_EverythingRight_IsComplete(TorrentKind kind, bool padsFiles)
    {
        using var sample = await CreateAsync(kind, padsFiles, 100_000, 0, 5, 70_000, 3);
        var check = await RunAsync(sample);
        Assert.True(check.IsComplete);
        Assert.Equal(sample.Metainfo.Info.PieceCount, check.GoodPieces);
        Assert.Equal(sample.Metainfo.Info.ContentBytes, check.GoodBytes);
        Assert.Empty(check.BadFiles);
    }

    /// <summary>A hybrid whose two kinds of hashes are of different content, with either content on disk.</summary>
    [Fact]
    public async Task Run_HybridThatContradictsItself_IsToldApartFromWrongData()
    {
        using var sample = await SampleTorrent.CreateInconsistentAsync(PieceLength, 50_000, 100_000, 70_000);
        var check = await RunAsync(sample);
        Assert.False(check.IsComplete);
        Assert.Equal((sample.Metainfo.Info.PieceCount, 1), (check.GoodPieces, check.InconsistentPieces));
        Assert.Empty(check.BadFiles);
        var other = await TorrentCheck.RunAsync(sample.Metainfo, sample.PathsIn("v1"), TestContext.Current.CancellationToken);
        Assert.Equal((sample.Metainfo.Info.PieceCount - 1, 1), (other.GoodPieces, other.InconsistentPieces));
        Assert.Equal(new BadFile(0, FileFault.WrongData, 100_000, 1), other.BadFiles.Single());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Run_OneByteWrong_NamesTheFile(TorrentKind kind, bool padsFiles)
    {
        using var sample = await CreateAsync(kind, padsFiles, 100_000, 100_000, 100_000);
        Flip(sample.Paths[1], 50_000);
        var check = await RunAsync(sample);
        Assert.False(check.IsComplete);
        Assert.Equal(sample.Metainfo.Info.PieceCount - 1, check.GoodPieces);
        Assert.Equal(new BadFile(1, FileFault.WrongData, 100_000, 1), check.BadFiles.Single());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Run_MissingShortAndLongFiles_AreNamedAndTheirNeighboursAreNot(TorrentKind kind, bool padsFiles)
    {
        using var sample = await CreateAsync(kind, padsFiles, 100_000, 40_000, 100_000, 0, 40_000, 100_000, 0);
        File.Delete(sample.Paths[1]);
        File.Delete(sample.Paths[3]);
        await File.WriteAllBytesAsync(sample.Paths[4], (await File.ReadAllBytesAsync(sample.Paths[4]))[..39_999]);
        await File.AppendAllTextAsync(sample.Paths[6], "x");
        var check = await RunAsync(sample);
        Assert.False(check.IsComplete);
        Assert.Equal(
            [(1, FileFault.Missing, 0L), (3, FileFault.Missing, 0L), (4, FileFault.WrongLength, 39_999L), (6, FileFault.WrongLength, 1L)],
            check.BadFiles.Select(bad => (bad.FileIndex, bad.Fault, bad.Length))
        );
        Assert.False(File.Exists(sample.Paths[1]));
    }

    [Fact]
    public async Task Run_OnlyAnEmptyFileMissing_IsNotComplete()
    {
        using var sample = await CreateAsync(TorrentKind.V1, false, 1000, 0);
        File.Delete(sample.Paths[1]);
        var check = await RunAsync(sample);
        Assert.Equal(check.PieceCount, check.GoodPieces);
        Assert.False(check.IsComplete);
        Assert.Equal(FileFault.Missing, check.BadFiles.Single().Fault);
    }

    [Fact]
    public async Task Run_V1PieceSharedByTwoFiles_BothAreNamed()
    {
        using var sample = await CreateAsync(TorrentKind.V1, false, 40_000, 40_000);
        Flip(sample.Paths[0], 39_999);
        var check = await RunAsync(sample);
        Assert.Equal([0, 1], check.BadFiles.Select(bad => bad.FileIndex));
        Assert.All(check.BadFiles, bad => Assert.Equal(1, bad.WrongPieces));
    }

    /// <summary>Goal: hashing costs no memory per piece. Method: the same bytes in 16 times as many pieces.</summary>
    [Theory]
    [InlineData(TorrentKind.V1)]
    [InlineData(TorrentKind.V2)]
    public async Task FindVerified_MorePieces_AllocateNothingMore(TorrentKind kind)
    {
        using var sample = await SampleTorrent.CreateAsync(
            new TorrentBuildOptions { Name = "sample", PieceLength = 16 * 1024, Kind = kind },
            64 * 1024 * 1024
        );
        using var files = PieceFiles.Open(sample.Metainfo.Info, sample.Paths, isReadOnly: true);
        using var verifier = new PieceVerifier(sample.Metainfo, files, isStrict: true);
        Assert.True(verifier.IsRight(new PieceIndex(0)));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var piece = 1; piece < 1000; piece++)
            Assert.True(verifier.IsRight(new PieceIndex(piece)));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000 * 16);
    }

    private static Task<SampleTorrent> CreateAsync(TorrentKind kind, bool padsFiles, params int[] lengths) =>
        SampleTorrent.CreateAsync(
            new TorrentBuildOptions { Name = "sample", PieceLength = PieceLength, Kind = kind, PadsFiles = padsFiles },
            lengths
        );

    private static Task<TorrentCheck> RunAsync(SampleTorrent sample) =>
        TorrentCheck.RunAsync(sample.Metainfo, sample.Paths, TestContext.Current.CancellationToken);

    private static void Flip(string path, int at)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[at] ^= 1;
        File.WriteAllBytes(path, bytes);
    }
}
