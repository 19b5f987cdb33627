namespace StatelessSwarm.Swarm.Limits;

/// <summary>
/// A token bucket for bytes: refills continuously at the rate, holds at most 100 ms of it (never less than one block), and makes
/// callers wait in order of arrival. A rate of 0 means no limit.
/// </summary>
internal sealed class ByteBudget(long bytesPerSecond, TimeProvider time)
{
    private readonly Lock _gate = new();
    private long _nextFreeAt = time.GetTimestamp();

    /// <summary>Completes when <paramref name="count"/> bytes may be sent.</summary>
    public ValueTask TakeAsync(int count, CancellationToken cancellation)
    {
        if (bytesPerSecond == 0)
            return ValueTask.CompletedTask;
        TimeSpan wait;
        lock (_gate)
        {
            var now = time.GetTimestamp();
            var ticksPerSecond = time.TimestampFrequency;
            var earliest = now - (ticksPerSecond / 10);
            if (_nextFreeAt < earliest)
                _nextFreeAt = earliest;
            wait = _nextFreeAt > now ? time.GetElapsedTime(now, _nextFreeAt) : TimeSpan.Zero;
            _nextFreeAt += (long)((double)count / bytesPerSecond * ticksPerSecond);
        }
        return wait == TimeSpan.Zero ? ValueTask.CompletedTask : new ValueTask(Task.Delay(wait, time, cancellation));
    }
}
