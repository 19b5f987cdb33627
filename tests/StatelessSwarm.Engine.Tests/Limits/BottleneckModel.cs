using StatelessSwarm.Engine.Limits;

namespace StatelessSwarm.Engine.Tests.Limits;

/// <summary>
/// A link with one queue, in steps of 5 ms: background members that keep their window full, and other traffic. What a member is answered
/// comes out of the queue in the order it went in; every answer carries the delay it met.
/// </summary>
internal sealed class BottleneckModel(double bytesPerSecond, double baseSeconds, int members)
{
    public const long Second = 1_000_000_000;

    private const double Step = 0.005;
    private const int StepsPerLook = 10;
    private const double BufferSeconds = 0.25;

    private readonly Queue<(int Owner, double Bytes)> _queue = new();
    private readonly double[] _inFlight = new double[members];
    private readonly double[] _arrived = new double[members];
    private readonly double[] _credit = new double[members];
    private readonly PathTrace[] _paths = [.. Enumerable.Range(0, members).Select(_ => new PathTrace())];
    private readonly List<(double At, int Owner, double Bytes)> _onTheWay = [];
    private double _queued;
    private long _steps;

    public BackgroundWindow[] Windows { get; } = [.. Enumerable.Range(0, members).Select(_ => new BackgroundWindow(Second))];

    public double BaseSeconds { get; set; } = baseSeconds;

    /// <summary>The members that take part.</summary>
    public int Active { get; set; } = members;

    /// <summary>Bytes that other traffic puts into the queue, given the queue's seconds; null for none.</summary>
    public Func<double, double>? Others { get; set; }

    public double QueueSeconds => _queued / bytesPerSecond;

    public double Now => _steps * Step;

    /// <summary>Bytes of the members and of others that came through.</summary>
    public (double Members, double Others) Carried { get; private set; }

    /// <summary>Runs; the shares of the link that members and others had, and the mean and 95th percentile of the queue in seconds.</summary>
    public (double Members, double Others, double MeanQueue, double HighQueue) Run(double seconds)
    {
        var before = Carried;
        var queues = new List<double>();
        for (var end = Now + seconds; Now < end; )
        {
            Advance();
            queues.Add(QueueSeconds);
        }
        queues.Sort();
        var whole = bytesPerSecond * seconds;
        return (
            (Carried.Members - before.Members) / whole,
            (Carried.Others - before.Others) / whole,
            queues.Average(),
            queues[(int)(queues.Count * 0.95)]
        );
    }

    private void Advance()
    {
        _steps++;
        for (var member = 0; member < Active; member++)
        {
            var window = Windows[member];
            _credit[member] = Math.Min(_credit[member] + window.Rate * 1.25 * Step, window.Rate * 0.01);
            // As the budget has it: whole blocks, one at least, paced.
            while (_inFlight[member] == 0 || _inFlight[member] + 16 * 1024 <= window.Bytes)
            {
                if (_credit[member] < 0)
                    break;
                _credit[member] -= 16 * 1024;
                _inFlight[member] += 16 * 1024;
                _onTheWay.Add((Now + BaseSeconds, member, 16 * 1024));
            }
        }
        foreach (var block in _onTheWay.Where(block => block.At <= Now))
            Enter(block.Owner, block.Bytes);
        _onTheWay.RemoveAll(block => block.At <= Now);
        if (Others is { } others)
            Enter(-1, others(QueueSeconds));
        Drain();
        if (_steps % StepsPerLook == 0)
            Look();
    }

    private void Enter(int owner, double bytes)
    {
        // The acknowledgement of a request comes with the first byte of its answer: it meets the queue before it.
        if (owner >= 0)
            _paths[owner].Answer(BaseSeconds + QueueSeconds);
        if (owner < 0 && QueueSeconds > BufferSeconds)
            return;
        _queue.Enqueue((owner, bytes));
        _queued += bytes;
    }

    private void Drain()
    {
        for (var left = bytesPerSecond * Step; left > 0 && _queue.TryDequeue(out var first); )
        {
            var sent = Math.Min(left, first.Bytes);
            left -= sent;
            _queued -= sent;
            if (first.Owner >= 0)
            {
                _inFlight[first.Owner] -= sent;
                _arrived[first.Owner] += sent;
                Carried = (Carried.Members + sent, Carried.Others);
            }
            else
            {
                Carried = (Carried.Members, Carried.Others + sent);
            }
            if (sent < first.Bytes)
            {
                var rest = new Queue<(int, double)>([(first.Owner, first.Bytes - sent), .. _queue]);
                _queue.Clear();
                foreach (var part in rest)
                    _queue.Enqueue(part);
            }
        }
        for (var member = 0; member < Windows.Length; member++)
            _inFlight[member] = _inFlight[member] < 1e-6 ? 0 : _inFlight[member];
    }

    private void Look()
    {
        var now = (long)(Now * Second);
        var slowdown = false;
        for (var member = 0; member < Active; member++)
        {
            var window = Windows[member];
            var before = window.Slowdowns;
            window.Measure([_paths[member].Sample(member)], isHeldBack: true, isUsed: _inFlight[member] > 0, (long)_arrived[member], now);
            _arrived[member] = 0;
            slowdown |= window.Slowdowns != before;
        }
        for (var member = 0; slowdown && member < Active; member++)
            Windows[member].SlowDown(now);
    }

    /// <summary>What the kernel keeps: a smoothed round trip and a count.</summary>
    private sealed class PathTrace
    {
        private double _smoothed;
        private uint _deliveries;

        public void Answer(double seconds)
        {
            _smoothed = _deliveries == 0 ? seconds : _smoothed + (seconds - _smoothed) / 8;
            _deliveries++;
        }

        public PathSample Sample(int path) => new(path, (uint)(_smoothed * 1e6), 0, _deliveries);
    }
}
