using CsCheck;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Swarm.WebSeeds;

namespace StatelessSwarm.Swarm.Tests.WebSeeds;

public sealed class RangeQueueTests
{
    private const int Block = BlockRange.BlockSize;
    private const int PieceLength = 4 * Block;

    [Fact]
    public void TryStart_NeighboursOfSeveralPieces_AreOneRun()
    {
        var queue = new RangeQueue(PieceLength, 256);
        foreach (var block in new[] { 4, 5, 6, 7, 8, 9, 3, 20 })
            queue.Add(At(block));
        Assert.Equal([3, 4, 5, 6, 7, 8, 9], Started(queue));
        Assert.Equal([20], Started(queue));
        Assert.Null(queue.TryStart());
    }

    [Fact]
    public void TryStart_AfterAShortBlock_BeginsAnotherRun()
    {
        // The last block of a file is short: what follows in the piece space is another file's.
        var queue = new RangeQueue(PieceLength, 256);
        queue.Add(new BlockRange(new PieceIndex(0), 0, 100));
        queue.Add(new BlockRange(new PieceIndex(1), 0, Block));
        Assert.Equal(100, queue.TryStart()!.End);
        Assert.Equal(PieceLength, queue.TryStart()!.Start);
    }

    [Fact]
    public void TryStart_LongRun_IsCut()
    {
        var queue = new RangeQueue(PieceLength, 3);
        for (var block = 0; block < 5; block++)
            queue.Add(At(block));
        Assert.Equal([0, 1, 2], Started(queue));
        Assert.Equal([3, 4], Started(queue));
    }

    [Fact]
    public void Cancel_InTheMiddleOfAWaitingRun_SplitsIt()
    {
        var queue = new RangeQueue(PieceLength, 256);
        for (var block = 0; block < 5; block++)
            queue.Add(At(block));
        queue.Cancel(At(2));
        Assert.Equal([2], Refused(queue));
        Assert.Equal([0, 1], Started(queue));
        Assert.Equal([3, 4], Started(queue));
    }

    [Fact]
    public void Cancel_AllOfARunningRun_AbandonsIt()
    {
        var queue = new RangeQueue(PieceLength, 256);
        queue.Add(At(0));
        queue.Add(At(1));
        var run = queue.TryStart()!;
        queue.Cancel(At(0));
        Assert.False(run.Abandoned.IsCancellationRequested);
        Assert.False(queue.ShouldBreakOff(run, 0));
        Assert.False(queue.TryAnswer(run, 0));
        queue.Cancel(At(1));
        Assert.True(run.Abandoned.IsCancellationRequested);
        Assert.True(queue.ShouldBreakOff(run, 1));
        Assert.Equal([0, 1], Refused(queue));
    }

    [Fact]
    public void ShouldBreakOff_BeforeALongGap_AndWhatIsBehindItComesAgain()
    {
        var queue = new RangeQueue(PieceLength, 256);
        for (var block = 0; block < 40; block++)
            queue.Add(At(block));
        var run = queue.TryStart()!;
        for (var block = 1; block < 1 + RangeQueue.LongGap / Block; block++)
            queue.Cancel(At(block));
        Assert.False(queue.ShouldBreakOff(run, 0));
        Assert.True(queue.TryAnswer(run, 0));
        Assert.True(queue.ShouldBreakOff(run, 1));
        queue.End(run);
        Assert.Equal(Enumerable.Range(17, 23), Started(queue));
    }

    [Fact]
    public void End_OfABrokenRun_PutsOnlyWhatIsMissingInFront()
    {
        var queue = new RangeQueue(PieceLength, 256);
        for (var block = 0; block < 6; block++)
            queue.Add(At(block));
        var run = queue.TryStart()!;
        queue.Add(At(30));
        Assert.True(queue.TryAnswer(run, 0));
        Assert.True(queue.TryAnswer(run, 1));
        queue.Cancel(At(3));
        queue.End(run);
        Assert.Equal([2], Started(queue));
        Assert.Equal([4, 5], Started(queue));
        Assert.Equal([30], Started(queue));
    }

    [Fact]
    public void Close_RefusesWhatWaitsAndWhatComes_UntilOpened()
    {
        var queue = new RangeQueue(PieceLength, 1);
        queue.Add(At(0));
        queue.Add(At(1));
        var run = queue.TryStart()!;
        queue.Close();
        queue.Add(At(2));
        queue.End(run);
        Assert.Equal([1, 2, 0], Refused(queue));
        queue.Open();
        queue.Add(At(3));
        Assert.Equal([3], Started(queue));
    }

    [Fact]
    public void Add_MoreThanItHolds_IsRefused()
    {
        var queue = new RangeQueue(PieceLength, 256);
        for (var block = 0; block <= RangeQueue.MaxWaiting; block++)
            queue.Add(At(block));
        Assert.Equal([RangeQueue.MaxWaiting], Refused(queue));
    }

    /// <summary>
    /// Goal: every block asked for is answered once, delivered or refused, whatever the order of requests, cancels, transfers, their
    /// breaking and pauses. Method: random steps against a count of open requests per block; at the end everything is drained.
    /// </summary>
    [Fact]
    public void AnyInterleaving_EveryRequestHasExactlyOneAnswer()
    {
        var step = Gen.Select(Gen.Int[0, 9], Gen.Int[0, 30]);
        Check.Sample(
            step.Array[0, 120],
            steps =>
            {
                var queue = new RangeQueue(PieceLength, 5);
                var open = new int[31];
                var runs = new List<(RangeRun Run, int Next)>();
                foreach (var (kind, number) in steps)
                    Step(queue, open, runs, kind, number);
                queue.Open();
                for (var guard = 0; guard < 10_000 && (runs.Count > 0 || Step(queue, open, runs, 4, 0)); guard++)
                    Step(queue, open, runs, 5, 0);
                TakeRefused(queue, open);
                return Array.TrueForAll(open, count => count == 0);
            },
            iter: 3000
        );
    }

    private static bool Step(RangeQueue queue, int[] open, List<(RangeRun Run, int Next)> runs, int kind, int number)
    {
        switch (kind)
        {
            case 0 or 1 or 2:
                // as the engine: never asked for twice at a time
                if (open[number] > 0)
                    break;
                open[number]++;
                queue.Add(At(number));
                break;
            case 3:
                queue.Cancel(At(number));
                TakeRefused(queue, open);
                break;
            case 4:
                if (queue.TryStart() is not { } started)
                    return false;
                runs.Add((started, 0));
                break;
            case 5 or 6:
                if (runs.Count > 0)
                    Deliver(queue, open, runs, number % runs.Count);
                break;
            case 7:
                if (runs.Count > 0)
                {
                    queue.End(runs[0].Run);
                    runs.RemoveAt(0);
                }
                break;
            case 8:
                queue.Close();
                break;
            default:
                queue.Open();
                break;
        }
        TakeRefused(queue, open);
        return true;
    }

    private static void Deliver(RangeQueue queue, int[] open, List<(RangeRun Run, int Next)> runs, int place)
    {
        var (run, next) = runs[place];
        if (next == run.Blocks.Count || queue.ShouldBreakOff(run, next))
        {
            queue.End(run);
            runs.RemoveAt(place);
            return;
        }
        if (queue.TryAnswer(run, next))
            Assert.Equal(0, --open[NumberOf(run.Blocks[next])]);
        runs[place] = (run, next + 1);
    }

    private static void TakeRefused(RangeQueue queue, int[] open)
    {
        while (queue.TryTakeRefused(out var block))
            Assert.Equal(0, --open[NumberOf(block)]);
    }

    private static BlockRange At(int block) => new(new PieceIndex(block / 4), block % 4 * Block, Block);

    private static int NumberOf(BlockRange block) => (block.Piece.Value * 4) + block.BlockIndex;

    private static IEnumerable<int>? Started(RangeQueue queue) => queue.TryStart()?.Blocks.Select(NumberOf);

    private static List<int> Refused(RangeQueue queue)
    {
        var blocks = new List<int>();
        while (queue.TryTakeRefused(out var block))
            blocks.Add(NumberOf(block));
        return blocks;
    }
}
