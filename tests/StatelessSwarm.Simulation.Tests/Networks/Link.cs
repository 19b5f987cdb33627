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

    /// <summary>Takes a frame now and says when it arrives at the other end.</summary>
    public long Carry(int bytes, long now)
    {
        Bytes += bytes;
        _freeAt = Math.Max(now, _freeAt) + (long)(bytes / BytesPerSecond * VirtualClock.Second);
        return _freeAt + Delay;
    }
}
