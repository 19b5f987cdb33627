using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Torrents;

namespace StatelessSwarm.Engine.Downloading;

/// <summary>
/// How many blocks to have asked of one peer. Bandwidth x delay, measured from outside: the delivered rate per round (a round
/// ends when a request sent after its start is answered) and the least request-to-data delay. Starts like TCP, one block more
/// for each block received, which doubles the window per round, and leaves that phase when two rounds bring less than a quarter
/// more, or when data takes clearly longer than at first, because then a queue is growing. From then on it holds what the peer delivers in <see cref="TargetSeconds"/> beyond the delay: enough to never run
/// dry, little enough that a dying or slow peer holds back about a second of work.
/// </summary>
internal sealed class RequestWindow
{
    /// <summary>Blocks to start with.</summary>
    public const int Initial = 32;

    /// <summary>Blocks at least, once the rate is known.</summary>
    public const int Least = 4;

    /// <summary>Seconds of delivery kept asked for beyond the delay.</summary>
    public const double TargetSeconds = 0.75;

    private const double QueueDelaySeconds = 0.25;
    private const double GrowthPerRound = 1.25;
    private const double ShortestRoundSeconds = 0.02;

    /// <summary>A peer that has become slow is seen to be: what was asked of it when it was fast may take many times as long.</summary>
    private const double LongestRoundSeconds = 1;
    private const double RateWeight = 0.4;

    private readonly EngineClock _clock;
    private int _most;
    private long _roundStart;
    private long _roundBytes;
    private long _roundEnd = -1;
    private bool _ranDry;
    private bool _isSlowStart = true;
    private int _flatRounds;

    public RequestWindow(EngineClock clock, int most)
    {
        _clock = clock;
        _most = Math.Max(1, most);
        Blocks = Math.Min(Initial, _most);
    }

    /// <summary>Blocks that may be asked for.</summary>
    public int Blocks { get; private set; }

    /// <summary>Delivered bytes per second while there was something to deliver; 0 while unknown.</summary>
    public double Rate { get; private set; }

    /// <summary>The rate is known and the window follows it.</summary>
    public bool IsSettled => !_isSlowStart && Rate > 0;

    /// <summary>Least seconds from request to data; 0 while unknown.</summary>
    public double Delay { get; private set; }

    /// <summary>Seconds within which the next block is expected.</summary>
    public double BlockSeconds => Rate > 0 ? BlockRange.BlockSize / Rate + Delay : 1;

    /// <summary>The peer said how many requests it queues (BEP 10 <c>reqq</c>).</summary>
    public void Limit(int most)
    {
        _most = Math.Max(1, most);
        Blocks = Math.Min(Blocks, _most);
    }

    /// <summary>Fewer to start with: the source is scarce and others want to ask it too.</summary>
    public void StartSmall(int blocks)
    {
        if (_isSlowStart && _roundEnd < 0)
            Blocks = Math.Min(Blocks, blocks);
    }

    /// <summary>There is nothing to ask this peer for: its rate says nothing about its link.</summary>
    public void RanDry() => _ranDry = true;

    /// <summary>What is known is too old or too bad to go on with.</summary>
    public void Forget()
    {
        Restart();
        Rate = 0;
        Delay = 0;
    }

    /// <summary>The peer went quiet: feel the way again.</summary>
    public void Restart()
    {
        Blocks = Math.Min(Least, _most);
        _isSlowStart = true;
        _flatRounds = 0;
        _roundEnd = -1;
    }

    /// <summary>A block was received.</summary>
    /// <param name="bytes">Its length.</param>
    /// <param name="sentAt">When it was asked for.</param>
    /// <param name="number">Number of its request.</param>
    /// <param name="nextNumber">Number the next request will get.</param>
    public void Received(int bytes, long sentAt, long number, long nextNumber)
    {
        var delay = _clock.Seconds(_clock.Now - sentAt);
        if (Delay == 0 || delay < Delay)
            Delay = Math.Max(delay, 1e-6);
        if (_isSlowStart && delay > QueueDelaySeconds + 2 * Delay)
            _isSlowStart = false;
        else if (_isSlowStart && Blocks < _most)
            Blocks++;
        if (_roundEnd < 0)
        {
            StartRound(sentAt, nextNumber);
            _roundBytes = bytes;
            return;
        }
        _roundBytes += bytes;
        var seconds = _clock.Seconds(_clock.Now - _roundStart);
        if (seconds < ShortestRoundSeconds || (number < _roundEnd && seconds < LongestRoundSeconds))
            return;
        // A peer whose blocks had to queue was busy all the time, however little more there was to ask it for.
        EndRound(_roundBytes / seconds, _ranDry && delay <= QueueDelaySeconds + 2 * Delay);
        StartRound(_clock.Now, nextNumber);
    }

    private void StartRound(long start, long nextNumber)
    {
        _roundStart = start;
        _roundBytes = 0;
        _roundEnd = nextNumber;
        _ranDry = false;
    }

    private void EndRound(double rate, bool wasIdle)
    {
        if (wasIdle)
        {
            Rate = Math.Max(Rate, rate);
            return;
        }
        if (_isSlowStart)
        {
            _flatRounds = rate < Rate * GrowthPerRound ? _flatRounds + 1 : 0;
            Rate = Math.Max(Rate, rate);
            _isSlowStart = _flatRounds < 2;
        }
        else
        {
            Rate = Rate == 0 ? rate : Rate + (rate - Rate) * RateWeight;
        }
        if (!_isSlowStart)
        {
            var blocks = Rate * (TargetSeconds + 2 * Delay) / BlockRange.BlockSize;
            Blocks = Math.Min(Math.Max((int)Math.Min(blocks, int.MaxValue), Least), _most);
        }
    }
}
