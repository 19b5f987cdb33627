namespace StatelessSwarm.Swarm.Limits;

/// <summary>
/// A token bucket for bytes that are sent: refills continuously at the rate, makes up for 100 ms of lost time at most, and lets callers
/// through in order of arrival, so that those who take a bounded number of bytes at a time share it evenly. The rate may change at any
/// time. Thread-safe.
/// </summary>
public sealed class ByteBudget : IDisposable
{
    private const int LeastTurn = 16 * 1024;
    private const int MostTurn = 256 * 1024;
    private const int TurnsPerSecond = 50;
    private const int CatchUpsPerSecond = 10;

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Queue<Waiter> _waiting = new();
    private long? _bytesPerSecond;
    private long _freeAt;
    private long _taken;

    /// <summary>A bucket.</summary>
    /// <param name="bytesPerSecond">Rate; null for no limit, 0 for nothing.</param>
    /// <param name="time">Clock.</param>
    public ByteBudget(long? bytesPerSecond, TimeProvider time)
    {
        _time = time;
        _bytesPerSecond = bytesPerSecond;
        _freeAt = time.GetTimestamp();
        _timer = time.CreateTimer(static budget => ((ByteBudget)budget!).LetThrough(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Bytes per second; null for no limit, 0 for nothing.</summary>
    public long? BytesPerSecond
    {
        get
        {
            lock (_gate)
                return _bytesPerSecond;
        }
        set
        {
            lock (_gate)
            {
                if (_bytesPerSecond == value)
                    return;
                var now = _time.GetTimestamp();
                // What has been let through is paid for at the new rate.
                if (_freeAt > now && _bytesPerSecond is > 0 && value is > 0)
                    _freeAt = now + (long)((double)(_freeAt - now) * _bytesPerSecond.Value / value.Value);
                _bytesPerSecond = value;
            }
            LetThrough();
        }
    }

    /// <summary>Bytes to take at a time, about 20 ms of the rate, so that others get their turn; 0 without a limit.</summary>
    public int Turn => BytesPerSecond is { } rate ? (int)Math.Clamp(rate / TurnsPerSecond, LeastTurn, MostTurn) : 0;

    /// <summary>Somebody waits.</summary>
    public bool IsHeldBack
    {
        get
        {
            lock (_gate)
                return _waiting.Count > 0;
        }
    }

    /// <summary>Bytes let through so far.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Completes when <paramref name="count"/> bytes may be sent.</summary>
    public ValueTask TakeAsync(int count, CancellationToken cancellation)
    {
        Waiter waiter;
        lock (_gate)
        {
            if (_waiting.Count == 0 && TryPass(count))
                return ValueTask.CompletedTask;
            waiter = new Waiter(count);
            _waiting.Enqueue(waiter);
            if (_waiting.Count == 1)
                SetTimer();
        }
        return new ValueTask(waiter.WaitAsync(cancellation));
    }

    /// <summary>Counts bytes that are sent in any case: others wait for them.</summary>
    public void Charge(int count)
    {
        lock (_gate)
            Pay(count);
    }

    /// <summary>Nobody is held back any more.</summary>
    public void Dispose()
    {
        BytesPerSecond = null;
        _timer.Dispose();
    }

    private bool TryPass(int count)
    {
        if (_bytesPerSecond is { } rate && (rate == 0 || _freeAt > _time.GetTimestamp()))
            return false;
        Pay(count);
        return true;
    }

    private void Pay(int count)
    {
        Interlocked.Add(ref _taken, count);
        if (_bytesPerSecond is not > 0)
            return;
        var ticks = _time.TimestampFrequency;
        _freeAt = Math.Max(_freeAt, _time.GetTimestamp() - (ticks / CatchUpsPerSecond)) + (long)((double)count / _bytesPerSecond.Value * ticks);
    }

    private void LetThrough()
    {
        lock (_gate)
        {
            while (_waiting.TryPeek(out var first))
            {
                if (!first.IsOver && !TryPass(first.Count))
                    break;
                _waiting.Dequeue();
                first.Pass();
            }
            SetTimer();
        }
    }

    private void SetTimer()
    {
        var now = _time.GetTimestamp();
        var isTimed = _waiting.Count > 0 && _bytesPerSecond is > 0;
        _timer.Change(
            !isTimed ? Timeout.InfiniteTimeSpan
                : _freeAt <= now ? TimeSpan.Zero
                // never before the time has come: a timer rounded down would find nothing to do
                : _time.GetElapsedTime(now, _freeAt) + TimeSpan.FromMilliseconds(1),
            Timeout.InfiniteTimeSpan
        );
    }

    private sealed class Waiter(int count)
    {
        private readonly TaskCompletionSource _passed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Task? _wait;

        public int Count => count;

        /// <summary>Nobody waits any more.</summary>
        public bool IsOver => Volatile.Read(ref _wait) is { IsCompleted: true };

        public void Pass() => _passed.TrySetResult();

        public Task WaitAsync(CancellationToken cancellation)
        {
            var wait = _passed.Task.WaitAsync(cancellation);
            Volatile.Write(ref _wait, wait);
            return wait;
        }
    }
}
