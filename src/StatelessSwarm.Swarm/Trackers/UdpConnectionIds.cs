using System.Net;

namespace StatelessSwarm.Swarm.Trackers;

/// <summary>
/// Connection ids that UDP trackers gave us, each for the 60 s that a client may use it (BEP 15). At most 64; thread
/// safe.
/// </summary>
internal sealed class UdpConnectionIds(TimeProvider time)
{
    /// <summary>How long an id is used after it came.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);

    private const int MaxCount = 64;

    private readonly Lock _gate = new();
    private readonly Dictionary<IPEndPoint, (ulong Id, long At)> _ids = [];

    /// <summary>The id of a tracker, or null when there is none or it is too old.</summary>
    public ulong? Find(IPEndPoint tracker)
    {
        lock (_gate)
            return _ids.TryGetValue(tracker, out var known) && time.GetElapsedTime(known.At) < Lifetime ? known.Id : null;
    }

    /// <summary>A tracker gave us an id.</summary>
    public void Remember(IPEndPoint tracker, ulong id)
    {
        lock (_gate)
        {
            if (_ids.Count >= MaxCount)
            {
                foreach (var old in _ids.Where(pair => time.GetElapsedTime(pair.Value.At) >= Lifetime).Select(pair => pair.Key).ToList())
                    _ids.Remove(old);
            }
            if (_ids.Count >= MaxCount)
                _ids.Clear();
            _ids[tracker] = (id, time.GetTimestamp());
        }
    }

    /// <summary>The tracker does not answer to its id, or refused it.</summary>
    public void Forget(IPEndPoint tracker)
    {
        lock (_gate)
            _ids.Remove(tracker);
    }
}
