using System.Runtime.CompilerServices;
using System.Threading.Channels;
using StatelessSwarm.Discovery.Messages;

namespace StatelessSwarm.Discovery.Browsing;

/// <summary>
/// Events on their way to one reader. Bounded without loss: only the latest state per instance waits, so a slow reader sees
/// fewer events that still add up (found and lost again before it looked: nothing).
/// </summary>
internal sealed class ServiceEventQueue
{
    private readonly Lock _gate = new();
    private readonly Dictionary<DomainName, ServiceEvent> _waiting = [];
    private readonly Queue<DomainName> _order = new();
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );

    /// <summary>Adds what happened to an instance.</summary>
    public void Post(DomainName name, ServiceEvent happened)
    {
        lock (_gate)
        {
            if (!_waiting.TryGetValue(name, out var earlier))
                _order.Enqueue(name);
            var merged = earlier.Instance is null ? happened : Merge(earlier.Kind, happened);
            if (merged is { } waiting)
                _waiting[name] = waiting;
            else
                Drop(name);
        }

        _signal.Writer.TryWrite(true);
    }

    /// <summary>No more events; a fault ends the reader with it.</summary>
    public void Complete(Exception? fault = null) => _signal.Writer.TryComplete(fault);

    /// <summary>Reads until completed or cancelled.</summary>
    public async IAsyncEnumerable<ServiceEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        while (await _signal.Reader.WaitToReadAsync(cancellation))
        {
            _signal.Reader.TryRead(out _);
            while (TryTake(out var happened))
                yield return happened;
        }
    }

    /// <summary>Takes what waits, without waiting for more.</summary>
    public IEnumerable<ServiceEvent> TakeAll()
    {
        while (TryTake(out var happened))
            yield return happened;
    }

    private bool TryTake(out ServiceEvent happened)
    {
        lock (_gate)
        {
            happened = default;
            return _order.TryDequeue(out var name) && _waiting.Remove(name, out happened);
        }
    }

    private void Drop(DomainName name)
    {
        _waiting.Remove(name);
        for (var i = _order.Count; i > 0; i--)
        {
            var other = _order.Dequeue();
            if (!other.Equals(name))
                _order.Enqueue(other);
        }
    }

    private static ServiceEvent? Merge(ServiceEventKind earlier, ServiceEvent later) =>
        (earlier, later.Kind) switch
        {
            (ServiceEventKind.Found, ServiceEventKind.Updated) => later with { Kind = ServiceEventKind.Found },
            (ServiceEventKind.Found, ServiceEventKind.Lost) => null,
            (ServiceEventKind.Lost, ServiceEventKind.Found) => later with { Kind = ServiceEventKind.Updated },
            _ => later,
        };
}
