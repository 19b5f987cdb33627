namespace StatelessSwarm.Simulation.Tests.Networks;

/// <summary>What happens when, in order of time and, at the same time, in order of being planned.</summary>
public sealed class EventQueue(VirtualClock clock)
{
    private readonly PriorityQueue<Action, (long At, long Number)> _queue = new();
    private long _number;

    public long Handled { get; private set; }

    public void At(long time, Action action) => _queue.Enqueue(action, (Math.Max(time, clock.Now), _number++));

    public void After(long delay, Action action) => At(clock.Now + delay, action);

    /// <summary>Runs until <paramref name="isDone"/>, or until the time is up; true when done.</summary>
    public bool Run(long until, Func<bool> isDone)
    {
        while (!isDone())
        {
            if (!_queue.TryDequeue(out var action, out var key) || key.At > until)
                return false;
            clock.Now = key.At;
            Handled++;
            action();
        }
        return true;
    }
}
