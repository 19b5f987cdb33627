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

    /// <summary>Bytes on their way to this link.</summary>
    private long _coming;

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
