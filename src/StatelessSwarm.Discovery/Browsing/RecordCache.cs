using System.Net;
using StatelessSwarm.Discovery.Messages;

namespace StatelessSwarm.Discovery.Browsing;

/// <summary>What was heard on one link (RFC 6762 10), within <see cref="CacheLimits"/>.</summary>
internal sealed class RecordCache(CacheLimits limits, Random random)
{
    private static readonly TimeSpan FlushAge = TimeSpan.FromSeconds(1);

    private readonly Dictionary<RecordKey, List<CachedRecord>> _sets = [];
    private readonly Dictionary<IPAddress, int> _perSource = [];

    // No record expires or wants refreshing before this; spares looking at all of them.
    private TimeSpan _quietUntil = TimeSpan.MaxValue;

    /// <summary>Records held.</summary>
    public int Count { get; private set; }

    /// <summary>Before this nothing expires and nothing wants refreshing.</summary>
    public TimeSpan NextDue => _quietUntil;

    /// <summary>Records of a name and type.</summary>
    public IReadOnlyList<CachedRecord> Find(RecordKey key) => _sets.TryGetValue(key, out var set) ? set : [];

    /// <summary>Every record of a type.</summary>
    public IEnumerable<CachedRecord> FindAll(RecordType type) =>
        _sets.Where(set => set.Key.Type == type).SelectMany(set => set.Value);

    /// <summary>Takes a record; says whether that changed what is known.</summary>
    public bool Add(ResourceRecord record, IPAddress source, TimeSpan now)
    {
        if (!_sets.TryGetValue(record.Key, out var set))
            set = [];
        var held = set.Find(cached => cached.Record.HasSameData(record));
        if (record.TimeToLiveSeconds == 0)
        {
            held?.Doom(now);
            Note(held);
            return false;
        }

        var life = TimeSpan.FromSeconds(Math.Min(record.TimeToLiveSeconds, limits.Lifetime.TotalSeconds));
        if (held is not null)
        {
            held.Hear(record, life, now, random);
            Note(held);
            return false;
        }

        var most = record.Type == RecordType.Ptr ? limits.Instances : limits.RecordsPerSet;
        var fromSource = _perSource.GetValueOrDefault(source);
        if (set.Count >= most || Count >= limits.Records || fromSource >= limits.RecordsPerSource)
            return false;
        var added = new CachedRecord(record, source);
        added.Hear(record, life, now, random);
        set.Add(added);
        _sets[record.Key] = set;
        _perSource[source] = fromSource + 1;
        Count++;
        Note(added);
        return true;
    }

    /// <summary>
    /// The cache-flush bit: others of the set, unless heard within the last second, go in one second (RFC 6762 10.2).
    /// </summary>
    public void Flush(RecordKey key, TimeSpan now)
    {
        foreach (var cached in Find(key))
        {
            if (now - cached.Received <= FlushAge)
                continue;
            cached.Doom(now);
            Note(cached);
        }
    }

    /// <summary>Forgets everything of a name and type.</summary>
    public void Remove(RecordKey key)
    {
        if (!_sets.Remove(key, out var set))
            return;
        foreach (var cached in set)
            Forget(cached);
    }

    /// <summary>Forgets one record.</summary>
    public void Remove(CachedRecord cached)
    {
        if (!_sets.TryGetValue(cached.Record.Key, out var set) || !set.Remove(cached))
            return;
        Forget(cached);
        if (set.Count == 0)
            _sets.Remove(cached.Record.Key);
    }

    /// <summary>Forgets what ran out and returns it; fills <paramref name="stale"/> with what wants refreshing.</summary>
    public List<CachedRecord> Expire(TimeSpan now, List<CachedRecord> stale)
    {
        List<CachedRecord> expired = [];
        if (now < _quietUntil)
            return expired;
        foreach (var set in _sets.Values)
        {
            foreach (var cached in set)
            {
                if (cached.Expires <= now)
                    expired.Add(cached);
                else if (cached.RefreshDue <= now)
                    stale.Add(cached);
            }
        }

        foreach (var cached in expired)
            Remove(cached);
        foreach (var cached in stale)
            cached.NoteRefresh(random);
        _quietUntil = TimeSpan.MaxValue;
        foreach (var set in _sets.Values)
            set.ForEach(Note);
        return expired;
    }

    private void Note(CachedRecord? cached)
    {
        if (cached is null)
            return;
        var due = cached.Expires < cached.RefreshDue ? cached.Expires : cached.RefreshDue;
        if (due < _quietUntil)
            _quietUntil = due;
    }

    private void Forget(CachedRecord cached)
    {
        Count--;
        var left = _perSource[cached.Source] - 1;
        if (left == 0)
            _perSource.Remove(cached.Source);
        else
            _perSource[cached.Source] = left;
    }
}
