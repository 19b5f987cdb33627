namespace StatelessSwarm.Sim.Networks;

/// <summary>
/// One direction of a wire behind a queue: first come, first served, at its rate. It may be cut off for a while; what is on it then waits, as
/// TCP sends again what was lost.
/// </summary>
/// <param name="events">Events of the site it is at.</param>
/// <param name="clock">Time there.</param>
/// <param name="bitsPerSecond">Rate; 0 for no limit.</param>
/// <param name="buffer">Nanoseconds of queue from which on senders near it hold back, and that senders far away aim at.</param>
internal sealed class Link(EventHeap events, VirtualClock clock, double bitsPerSecond, long buffer) : EventTarget
{
    /// <summary>Ethernet bytes per TCP payload byte: 1,514 for 1,448 (Ethernet, IPv4, TCP with time stamps).</summary>
    public const double Framing = 1514.0 / 1448;

    /// <summary>Ethernet bytes around a small message that travels alone.</summary>
    public const int PacketHeader = 66;

    /// <summary>Time over which flows are counted, in nanoseconds.</summary>
    public const long FlowEpoch = VirtualClock.Second / 5;

    private readonly Queue<Pipe> _heldBack = new();
    private readonly List<(long From, long Until)> _cuts = [];
    private double _nanosecondsPerByte = PerByte(bitsPerSecond);
    private long _epochFrom;
    private int _epochFlows;
    private int _flows = 1;
    private bool _isReleasePlanned;

    /// <summary>When all that it has taken will have been sent.</summary>
    public long FreeAt { get; private set; }

    /// <summary>Ethernet bytes carried.</summary>
    public long Bytes { get; private set; }

    /// <summary>Nanoseconds of queue that are wanted at most.</summary>
    public long Buffer => buffer;

    /// <summary>Bytes per second; 0 for no limit.</summary>
    public double Rate => _nanosecondsPerByte > 0 ? 1e9 / _nanosecondsPerByte : 0;

    /// <summary>Longest queue there was, in nanoseconds.</summary>
    public long LongestQueue { get; private set; }

    /// <summary>Share of packets that are lost, and sent again.</summary>
    public double Loss { get; init; }

    /// <summary>Flows that share the link.</summary>
    public int Flows => Math.Max(1, Math.Max(_flows, _epochFlows));

    /// <summary>Changes the rate.</summary>
    public void SetRate(double bits) => _nanosecondsPerByte = PerByte(bits);

    /// <summary>Nothing passes in this time.</summary>
    public void Cut(long from, long until)
    {
        _cuts.Add((from, until));
        _cuts.Sort();
    }

    /// <summary>The first moment from <paramref name="time"/> on at which something passes.</summary>
    public long NextOpen(long time)
    {
        foreach (var (from, until) in _cuts)
        {
            if (time >= from && time < until)
                time = until;
        }
        return time;
    }

    /// <summary>Nanoseconds that Ethernet bytes take.</summary>
    public long Time(long bytes) => (long)(bytes * _nanosecondsPerByte * (1 + Loss));

    /// <summary>How long a frame that comes now waits.</summary>
    public long QueueDelay(long now) => Math.Max(0, FreeAt - now);

    /// <summary>The queue is full, or others have been waiting longer.</summary>
    public bool IsFull(long now) => _heldBack.Count > 0 || (buffer > 0 && QueueDelay(now) >= buffer);

    /// <summary>Takes Ethernet bytes at <paramref name="at"/>, and says when they are through.</summary>
    public long Carry(long bytes, long at)
    {
        Bytes += bytes;
        var start = Math.Max(at, FreeAt);
        if (_cuts.Count > 0)
            start = NextOpen(start);
        LongestQueue = Math.Max(LongestQueue, start - at);
        FreeAt = start + Time(bytes);
        return FreeAt;
    }

    /// <summary>Takes a small message that comes at <paramref name="at"/>, later than now: nothing else waits for it to come.</summary>
    public long CarrySmall(long bytes, long at)
    {
        if (at <= FreeAt)
            return Carry(bytes, at);
        Bytes += bytes;
        return (_cuts.Count > 0 ? NextOpen(at) : at) + Time(bytes);
    }

    /// <summary>The pipe gets its turn when there is room, in order.</summary>
    public void HoldBack(Pipe pipe)
    {
        _heldBack.Enqueue(pipe);
        PlanRelease();
    }

    /// <summary>Payload of a flow passes; <paramref name="seen"/> is the flow's own note of when it was last counted.</summary>
    public void CountFlow(long now, ref long seen)
    {
        if (now - _epochFrom >= FlowEpoch)
        {
            _flows = Math.Max(1, _epochFlows);
            _epochFlows = 0;
            _epochFrom = now;
        }
        if (seen == _epochFrom)
            return;
        seen = _epochFrom;
        _epochFlows++;
    }

    /// <inheritdoc/>
    public override void Fire(int what, long argument)
    {
        _isReleasePlanned = false;
        var room = buffer - QueueDelay(clock.Now);
        for (var turns = _heldBack.Count; turns > 0; turns--)
        {
            var pipe = _heldBack.Dequeue();
            room -= Time(pipe.NextBytes);
            pipe.IsReleased = true;
            pipe.From.Up.Return(pipe);
            if (room <= 0)
                break;
        }
        if (_heldBack.Count > 0)
            PlanRelease();
    }

    private void PlanRelease()
    {
        if (_isReleasePlanned)
            return;
        _isReleasePlanned = true;
        var wait = Math.Max(VirtualClock.Millisecond / 10, QueueDelay(clock.Now) - buffer);
        events.Push(clock.Now + wait, this, 0);
    }

    private static double PerByte(double bits) => bits > 0 ? 8e9 / bits : 0;
}
