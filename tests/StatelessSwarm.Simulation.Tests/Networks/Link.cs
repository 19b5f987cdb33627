namespace StatelessSwarm.Simulation.Tests.Networks;

/// <summary>One direction of a wire: sends one frame after another at its rate, each arriving after the delay.</summary>
public sealed class Link(string name, double bitsPerSecond, double delayMs)
{
    private long _freeAt;

    public string Name => name;

    public double BytesPerSecond { get; set; } = bitsPerSecond / 8;

    public long Delay { get; } = (long)(delayMs * 1e6);

    /// <summary>Bytes carried.</summary>
    public long Bytes { get; private set; }

    /// <summary>Queue from which on senders hold back: the buffer of an ordinary router, 200 ms.</summary>
    public const long LongestQueue = VirtualClock.Second / 5;

    private readonly Queue<Pipe> _heldBack = new();
    private long _coming;

    /// <summary>The queue is full, or others have been waiting longer.</summary>
    public bool IsFull(long now) => _heldBack.Count > 0 || QueueDelay(now) >= LongestQueue;

    /// <summary>The pipe gets its turn when there is room; everybody one frame, in order.</summary>
    public void HoldBack(Pipe pipe, EventQueue events, VirtualClock clock)
    {
        _heldBack.Enqueue(pipe);
        if (_heldBack.Count == 1)
            events.After(Math.Max(0, QueueDelay(clock.Now) - LongestQueue) + 1, () => Release(events, clock));
    }

    private void Release(EventQueue events, VirtualClock clock)
    {
        for (var turns = _heldBack.Count; turns > 0 && QueueDelay(clock.Now) < LongestQueue; turns--)
            _heldBack.Dequeue().Resume();
        if (_heldBack.Count > 0)
            events.After(Math.Max(VirtualClock.Second / 10_000, QueueDelay(clock.Now) - LongestQueue), () => Release(events, clock));
    }

    /// <summary>How long a frame would wait before it is sent, those on their way here included.</summary>
    public long QueueDelay(long now) =>
        Math.Max(0, _freeAt - now) + (long)(_coming / BytesPerSecond * VirtualClock.Second);

    /// <summary>A frame has set out for this link.</summary>
    public void Expect(int bytes) => _coming += bytes;

    /// <summary>Takes a frame now and says when it arrives at the other end.</summary>
    public long Carry(int bytes, long now)
    {
        Bytes += bytes;
        _coming -= bytes;
        _freeAt = Math.Max(now, _freeAt) + (long)(bytes / BytesPerSecond * VirtualClock.Second);
        return _freeAt + Delay;
    }
}
