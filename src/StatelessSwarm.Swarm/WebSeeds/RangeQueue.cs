using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Swarm.WebSeeds;

/// <summary>
/// Requested blocks on their way to becoming HTTP ranges. Neighbouring ones are joined while they wait; a <see cref="RangeRun"/> is
/// what one request carries. Every block that was added gets exactly one answer: it is delivered (<see cref="TryAnswer"/>), or it
/// turns up among the refused ones, because it was cancelled, came while the queue was closed, or was one too many. May be called from
/// any thread.
/// </summary>
/// <param name="pieceLength">Bytes per piece.</param>
/// <param name="mostBlocks">Blocks in one run at most.</param>
internal sealed class RangeQueue(int pieceLength, int mostBlocks)
{
    /// <summary>Blocks waiting at most: twice what the engine asks of one peer.</summary>
    public const int MaxWaiting = 8192;

    /// <summary>Unwanted bytes in a row that are worth breaking a transfer off for: 256 KiB.</summary>
    public const int LongGap = 256 * 1024;

    /// <summary>Waiting runs looked at for a neighbour of a new block, newest first.</summary>
    private const int MergeReach = 8;

    private readonly Lock _gate = new();
    private readonly List<List<BlockRange>> _waiting = [];
    private readonly List<RangeRun> _running = [];
    private readonly Queue<BlockRange> _refused = new();
    private int _waitingBlocks;
    private bool _isClosed;

    /// <summary>A block is wanted.</summary>
    public void Add(BlockRange block)
    {
        lock (_gate)
        {
            if (_isClosed || _waitingBlocks >= MaxWaiting)
            {
                _refused.Enqueue(block);
                return;
            }
            _waitingBlocks++;
            for (var place = _waiting.Count - 1; place >= Math.Max(0, _waiting.Count - MergeReach); place--)
            {
                var run = _waiting[place];
                if (EndOf(run[^1]) == StartOf(block))
                {
                    run.Add(block);
                    return;
                }
                if (EndOf(block) == StartOf(run[0]))
                {
                    run.Insert(0, block);
                    return;
                }
            }
            _waiting.Add([block]);
        }
    }

    /// <summary>A block is not wanted any more; nothing happens when it was answered before.</summary>
    public void Cancel(BlockRange block)
    {
        lock (_gate)
        {
            if (CancelWaiting(block) || CancelRunning(block))
                _refused.Enqueue(block);
        }
    }

    /// <summary>The next run to fetch, or null. Given back by <see cref="End"/>.</summary>
    public RangeRun? TryStart()
    {
        lock (_gate)
        {
            if (_waiting.Count == 0)
                return null;
            var first = _waiting[0];
            var count = Math.Min(first.Count, mostBlocks);
            BlockRange[] blocks = [.. first.Take(count)];
            if (count == first.Count)
                _waiting.RemoveAt(0);
            else
                first.RemoveRange(0, count);
            _waitingBlocks -= count;
            var run = new RangeRun(blocks, StartOf(blocks[0]));
            _running.Add(run);
            return run;
        }
    }

    /// <summary>The block of a run has come. False when it is not wanted any more and has been answered.</summary>
    public bool TryAnswer(RangeRun run, int index)
    {
        lock (_gate)
        {
            if (!run.IsWanted[index])
                return false;
            run.IsWanted[index] = false;
            run.Wanted--;
            run.Delivered++;
            return true;
        }
    }

    /// <summary>
    /// True when reading on from this block costs more than it brings: nothing, or nothing for a long stretch, is wanted.
    /// </summary>
    public bool ShouldBreakOff(RangeRun run, int index)
    {
        lock (_gate)
        {
            if (run.Wanted == 0)
                return true;
            var gap = 0;
            for (; index < run.IsWanted.Length && !run.IsWanted[index] && gap < LongGap; index++)
                gap += run.Blocks[index].Length;
            return gap >= LongGap;
        }
    }

    /// <summary>A run is over: what is still wanted of it is first in the queue again.</summary>
    public void End(RangeRun run)
    {
        lock (_gate)
        {
            _running.Remove(run);
            var place = 0;
            for (var index = 0; index < run.IsWanted.Length; index++)
            {
                if (!run.IsWanted[index])
                    continue;
                _waitingBlocks++;
                if (_isClosed)
                    Refuse(run.Blocks[index]);
                else if (index > 0 && run.IsWanted[index - 1])
                    _waiting[place - 1].Add(run.Blocks[index]);
                else
                    _waiting.Insert(place++, [run.Blocks[index]]);
            }
        }
        run.Dispose();
    }

    /// <summary>Refuses what waits and what comes from now on; runs under way go on.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            foreach (var run in _waiting)
            {
                foreach (var block in run)
                    Refuse(block);
            }
            _waiting.Clear();
        }
    }

    /// <summary>Takes blocks again.</summary>
    public void Open()
    {
        lock (_gate)
            _isClosed = false;
    }

    /// <summary>Takes out a block whose refusal has to be told.</summary>
    public bool TryTakeRefused(out BlockRange block)
    {
        lock (_gate)
            return _refused.TryDequeue(out block);
    }

    private void Refuse(BlockRange block)
    {
        _waitingBlocks--;
        _refused.Enqueue(block);
    }

    private bool CancelWaiting(BlockRange block)
    {
        for (var place = 0; place < _waiting.Count; place++)
        {
            var run = _waiting[place];
            if (StartOf(block) < StartOf(run[0]) || StartOf(block) >= EndOf(run[^1]))
                continue;
            var index = run.IndexOf(block);
            if (index < 0)
                continue;
            _waitingBlocks--;
            if (index + 1 < run.Count)
                _waiting.Insert(place + 1, run[(index + 1)..]);
            run.RemoveRange(index, run.Count - index);
            if (run.Count == 0)
                _waiting.RemoveAt(place);
            return true;
        }
        return false;
    }

    private bool CancelRunning(BlockRange block)
    {
        foreach (var run in _running)
        {
            if (StartOf(block) < run.Start || StartOf(block) >= run.End)
                continue;
            for (var index = 0; index < run.IsWanted.Length; index++)
            {
                if (!run.IsWanted[index] || run.Blocks[index] != block)
                    continue;
                run.IsWanted[index] = false;
                if (--run.Wanted == 0)
                    run.Abandon();
                return true;
            }
        }
        return false;
    }

    private long StartOf(BlockRange block) => ((long)block.Piece.Value * pieceLength) + block.Begin;

    private long EndOf(BlockRange block) => StartOf(block) + block.Length;
}
