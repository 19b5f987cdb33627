using StatelessSwarm.Content.Values;
using StatelessSwarm.Swarm.Storage;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Swarm.Tests.Storage;

/// <summary>Stretches of files, sorted into pieces.</summary>
public sealed class KnownPiecesTests
{
    private const int Piece = 32 * 1024;

    /// <summary>Two files: pieces 0-2 (the last of 1,000 bytes) and 3.</summary>
    [Fact]
    public async Task Constructor_StretchesOverBorders_WholePiecesAndParts()
    {
        using var sample = await SampleTorrent.CreateAsync(Piece, 2 * Piece + 1000, 500);
        var known = Sort(sample, [], new(0, 100, Piece), new(0, 2 * Piece, 400), new(0, 2 * Piece + 300, 700), new(1, 0, 500));
        Assert.Equal([2, 3], known.Whole.Select(piece => piece.Value));
        Assert.Equal([(0, 100), (1, Piece - 100)], known.Parts.Select(part => (part.Key.Value, part.Value.MissingBytes)));
    }

    [Fact]
    public async Task Constructor_VerifiedPieces_AreLeftOut()
    {
        using var sample = await SampleTorrent.CreateAsync(Piece, 3 * Piece);
        var known = Sort(sample, [0, 1], new KnownStretch(0, 0, 3 * Piece - 1));
        Assert.Empty(known.Whole);
        Assert.Equal(new PieceIndex(2), Assert.Single(known.Parts).Key);
    }

    [Theory]
    [InlineData(-1, 5)]
    [InlineData(0, 0)]
    [InlineData(Piece - 4, 5)]
    public async Task Constructor_OutsideTheFile_IsRefused(int offset, int length)
    {
        using var sample = await SampleTorrent.CreateAsync(Piece, Piece);
        Assert.Throws<ArgumentOutOfRangeException>(() => Sort(sample, [], new KnownStretch(0, offset, length)));
    }

    [Fact]
    public async Task NeededStretches_VerifiedPiece_IsNotNeeded()
    {
        using var sample = await SampleTorrent.CreateAsync(Piece, 3 * Piece);
        var needed = new NeededStretches(sample.Metainfo.Info, [new PieceIndex(1)]);
        Assert.True(needed.ContainsAll(0, 0, Piece));
        Assert.False(needed.ContainsAll(0, 0, Piece + 1));
        Assert.True(needed.Contains(0, 0, Piece + 1));
        Assert.False(needed.Contains(0, Piece, Piece));
    }

    private static KnownPieces Sort(SampleTorrent sample, int[] verified, params KnownStretch[] stretches)
    {
        var info = sample.Metainfo.Info;
        return new KnownPieces(info, new NeededStretches(info, verified.Select(piece => new PieceIndex(piece))), stretches);
    }
}
