namespace StatelessSwarm.Sim.Networks;

/// <summary>
/// A host's way out: its connections take turns (Linux: small socket queues and a fair qdisc), one train of frames each. A connection whose
/// way on is full waits at the link that is, so that it does not stand in the way of others.
/// </summary>
internal sealed class Uplink(EventHeap events, VirtualClock clock, double bitsPerSecond) : EventTarget
{
    /// <summary>Link time that a train of several blocks may take: fewer events on fast links.</summary>
    private const double TrainSeconds = 0.0005;

    /// <summary>Bytes of a train on a link without a limit.</summary>
    private const long UnlimitedTrain = 64 * 1024;

    private const int TrainLeft = 0;
    private const int PaceOver = 1;

    private readonly Queue<Pipe> _turns = new();
    private readonly Queue<Pipe> _paced = new();
    private Pipe? _current;
    private int _count;
    private long _small;

    /// <summary>The wire: rate, cuts, bytes.</summary>
    public Link Wire { get; } = new(events, clock, bitsPerSecond, 0);

    /// <summary>The pipe has something to send.</summary>
    public void Ready(Pipe pipe)
    {
        if (pipe.IsListed)
            return;
        pipe.IsListed = true;
        Return(pipe);
    }

    /// <summary>The pipe has waited elsewhere, and takes turns again.</summary>
    public void Return(Pipe pipe)
    {
        _turns.Enqueue(pipe);
        if (_current is null)
            Next();
    }

    /// <summary>A small message goes between two trains: when it is through.</summary>
    public long CarrySmall(int bytes)
    {
        var time = Wire.Time(bytes);
        _small += time;
        return Wire.NextOpen(Math.Max(clock.Now, Wire.FreeAt)) + time;
    }

    /// <inheritdoc/>
    public override void Fire(int what, long argument)
    {
        if (what == PaceOver)
        {
            Return(_paced.Dequeue());
            return;
        }
        var current = _current!;
        _current = null;
        current.Leave(_count);
        if (current.HasFrames)
            _turns.Enqueue(current);
        else
            current.IsListed = false;
        Next();
    }

    private void Next()
    {
        var now = clock.Now;
        while (_turns.TryDequeue(out var pipe))
        {
            if (!pipe.HasFrames)
            {
                pipe.IsListed = false;
            }
            else if (pipe.WholeAt(now) is var whole && whole > now)
            {
                events.Push(whole, pipe, Pipe.Whole);
            }
            else if (pipe.FullLink(now) is { } full)
            {
                full.HoldBack(pipe);
            }
            else if (pipe.PacedUntil > now)
            {
                _paced.Enqueue(pipe);
                events.Push(pipe.PacedUntil, this, PaceOver);
            }
            else
            {
                var most = Wire.Rate > 0 ? (long)(Wire.Rate * TrainSeconds) : UnlimitedTrain;
                _count = pipe.NextTrain(most, out var bytes);
                // What small messages took since the last train was taken from this one.
                var left = Wire.Carry(bytes, now) + _small;
                _small = 0;
                _current = pipe;
                events.Push(left, this, TrainLeft);
                return;
            }
        }
    }
}
