using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Downloading;

namespace StatelessSwarm.Engine.Tests.Downloading;

/// <summary>What is missing of a piece, block by block.</summary>
public sealed class PieceGapsTests
{
    private const int Block = BlockRange.BlockSize;
    private static readonly PieceIndex Piece = new(7);

    [Theory]
    [InlineData(0, 0, 0, Block)] // nothing known
    [InlineData(0, 100, 100, Block - 100)]
    [InlineData(Block - 1, 1, 0, Block - 1)]
    [InlineData(10, 100, 0, Block)] // a hole in the middle is asked for along with what is around it
    public void Indexer_OneStretch_TrimsWhatIsAtTheEnds(int from, int length, int begin, int missing)
    {
        var gaps = new PieceGaps(2 * Block, length == 0 ? [] : [(from, length)]);
        Assert.Equal(new BlockRange(Piece, begin, missing), gaps[Piece, 0]);
        Assert.Equal(new BlockRange(Piece, Block, Block), gaps[Piece, 1]);
        Assert.Equal(missing + Block, gaps.MissingBytes);
    }

    [Fact]
    public void Indexer_StretchesOverTheBorders_AreTakenFromBothSides()
    {
        var gaps = new PieceGaps(3 * Block - 5, [(0, 50), (60, 10), (Block - 20, Block + 30), (3 * Block - 10, 5)]);
        Assert.Equal(new BlockRange(Piece, 50, Block - 70), gaps[Piece, 0]);
        Assert.True(gaps.IsKnown(1));
        Assert.Equal(new BlockRange(Piece, 2 * Block + 10, Block - 20), gaps[Piece, 2]);
        Assert.True(gaps.HasGap);
    }

    [Fact]
    public void Drop_OneBlock_ItIsMissingWhole()
    {
        var gaps = new PieceGaps(Block + 100, [(0, Block + 100)]);
        Assert.False(gaps.HasGap);
        gaps.Drop(1);
        Assert.Equal(new BlockRange(Piece, Block, 100), gaps[Piece, 1]);
        Assert.True(gaps.IsKnown(0));
        gaps.Drop();
        Assert.False(gaps.HasKnown());
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(-1, 5)]
    [InlineData(Block - 4, 5)]
    public void Constructor_StretchOutside_IsRefused(int from, int length) =>
        Assert.Throws<ArgumentException>(() => new PieceGaps(Block, [(from, length)]));

    [Fact]
    public void Constructor_StretchesThatOverlap_AreRefused() =>
        Assert.Throws<ArgumentException>(() => new PieceGaps(Block, [(0, 10), (9, 10)]));

    /// <summary>Against a byte-by-byte model, for many random stretches.</summary>
    [Fact]
    public void MissingBytes_RandomStretches_CoverExactlyFromTheFirstMissingToTheLast()
    {
#pragma warning disable CA5394 // no secret
        var random = new Random(5);
        for (var round = 0; round < 300; round++)
        {
            var length = random.Next(1, 4 * Block);
            var known = new bool[length];
            var stretches = new List<(int, int)>();
            for (var at = 0; at < length; )
            {
                var gap = random.Next(0, 3) == 0 ? 0 : random.Next(1, Block);
                var size = Math.Min(random.Next(1, 2 * Block), length - at - gap);
                if (size <= 0)
                    break;
                stretches.Add((at + gap, size));
                known.AsSpan(at + gap, size).Fill(true);
                at += gap + size;
            }
            var gaps = new PieceGaps(length, [.. stretches]);
            for (var block = 0; block * Block < length; block++)
            {
                var bytes = known.AsSpan(block * Block, Math.Min(Block, length - block * Block));
                var first = bytes.IndexOf(false);
                var last = bytes.LastIndexOf(false);
                var expected = first < 0 ? 0 : last - first + 1;
                Assert.Equal(expected, gaps[Piece, block].Length);
                if (expected > 0)
                    Assert.Equal(block * Block + first, gaps[Piece, block].Begin);
            }
        }
    }
}
