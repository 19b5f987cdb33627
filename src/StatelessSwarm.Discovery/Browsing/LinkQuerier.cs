using System.Net;
using StatelessSwarm.Discovery.Messages;
using StatelessSwarm.Discovery.Protocol;

namespace StatelessSwarm.Discovery.Browsing;

/// <summary>
/// Asks one link for services and keeps what it answers (RFC 6762 5.2, 7, 10; RFC 6763 4, 5). Only records on the way from
/// a browsed type to an address are kept: pointer, then service and text, then addresses of hosts.
/// </summary>
internal sealed class LinkQuerier(
    Outbox outbox,
    LinkKey link,
    Random random,
    CacheLimits limits,
    bool hearsUnicast = false
)
{
    // After this many unanswered questions an instance or host is left alone until it is heard of again.
    private const int MaxPursuits = 5;

    private static readonly TimeSpan MinFirstDelay = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan FirstDelaySpread = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PursuitDelay = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan PursuitDelaySpread = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan DuplicateHorizon = TimeSpan.FromSeconds(1);

    // RFC 6762 5.2 allows up to an hour; ten minutes bound how long a healed network stays unnoticed.
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    private readonly RecordCache _cache = new(limits, random);
    private readonly Dictionary<DomainName, QuestionSeries> _browsed = [];
    private readonly Dictionary<RecordKey, QuestionSeries> _pursuits = [];
    private readonly Dictionary<DomainName, HashSet<DomainName>> _instancesByHost = [];

    /// <summary>Instances that may look different now, since the caller last cleared this.</summary>
    public HashSet<DomainName> Changed { get; } = [];

    /// <summary>Records held.</summary>
    public int RecordCount => _cache.Count;

    /// <summary>When <see cref="Advance"/> has something to do next.</summary>
    public TimeSpan NextDue
    {
        get
        {
            var next = _cache.NextDue;
            foreach (var series in _browsed.Values)
                next = series.Due < next ? series.Due : next;
            foreach (var series in _pursuits.Values)
                next = series.Due < next ? series.Due : next;
            return next;
        }
    }

    /// <summary>Starts asking for a service type, given with <c>.local</c>.</summary>
    public void Browse(DomainName type, TimeSpan now) =>
        _browsed.TryAdd(
            type,
            new QuestionSeries(now + MinFirstDelay + (FirstDelaySpread * random.NextDouble()), LongestPause)
        );

    /// <summary>Asks for every type anew, as after a fault of the link.</summary>
    public void Restart(TimeSpan now)
    {
        foreach (var series in _browsed.Values)
            series.Restart(now + MinFirstDelay + (FirstDelaySpread * random.NextDouble()));
    }

    /// <summary>Stops asking for a type; what is known of it runs out by itself.</summary>
    public void StopBrowsing(DomainName type)
    {
        if (!_browsed.Remove(type))
            return;
        foreach (var key in _pursuits.Keys.Where(key => key.Name.Parent.Equals(type)).ToList())
            _pursuits.Remove(key);
        _cache.Remove(new RecordKey(type, RecordType.Ptr));
    }

    /// <summary>Instances of a type that were pointed at.</summary>
    public IEnumerable<DomainName> FindInstances(DomainName type) =>
        _cache.Find(new RecordKey(type, RecordType.Ptr)).Select(cached => RecordData.ReadPointer(cached.Record));

    /// <summary>What is known of an instance: null without pointer, service or text.</summary>
    public (DomainName Host, int Port, ResourceRecord Text, IEnumerable<ResourceRecord> Addresses)? Resolve(
        DomainName instance
    )
    {
        if (!IsPointedAt(instance))
            return null;
        var service = Newest(instance, RecordType.Srv);
        var text = Newest(instance, RecordType.Txt);
        if (service is null || text is null)
            return null;
        var (port, host) = RecordData.ReadService(service.Record);
        var addresses = _cache
            .Find(new RecordKey(host, RecordType.A))
            .Concat(_cache.Find(new RecordKey(host, RecordType.Aaaa)));
        return (host, port, text.Record, addresses.Select(cached => cached.Record));
    }

    /// <summary>Takes a response; the caller has checked that it comes from port 5353 on this link.</summary>
    public void ReceiveResponse(Message message, IPAddress source, TimeSpan now)
    {
        if (_browsed.Count == 0)
            return;
        List<ResourceRecord> records = [.. message.Answers, .. message.Additionals];
        foreach (var record in records)
        {
            if (record.Type == RecordType.Ptr && _browsed.ContainsKey(record.Name))
            {
                var instance = RecordData.ReadPointer(record);
                if (instance.Parent.Equals(record.Name) && instance.TryGetLabel(out _))
                    Take(record, instance, source, now);
            }
        }

        foreach (var record in records)
        {
            if (record.Type is RecordType.Srv or RecordType.Txt && _browsed.ContainsKey(record.Name.Parent))
                Take(record, record.Name, source, now);
        }

        foreach (var record in records)
        {
            // A host may announce its addresses a moment before its services; those of strangers get half the room.
            if (
                record.Type is RecordType.A or RecordType.Aaaa
                && (_instancesByHost.ContainsKey(record.Name) || _cache.Count < limits.Records / 2)
            )
                Take(record, null, source, now);
        }

        foreach (var record in records)
        {
            if (record.FlushesCache && record.Type != RecordType.Ptr)
                _cache.Flush(record.Key, now);
        }

        PursueChanged(now);
    }

    /// <summary>Takes somebody else's query: what it asks we need not ask at the same time (RFC 6762 7.3).</summary>
    public void ReceiveQuery(Message query, TimeSpan now)
    {
        if (query.Header.IsTruncated)
            return;
        foreach (var question in query.Questions)
        {
            if (question.WantsUnicast || FindSeries(question) is not { } series || series.Due > now + DuplicateHorizon)
                continue;
            var suppressed = query.Answers.FindAll(question.IsAnsweredBy);
            if (suppressed.TrueForAll(record => IsKnown(record, now)))
                series.NoteAsked(now);
        }
    }

    /// <summary>Forgets what ran out and asks what is due.</summary>
    public void Advance(TimeSpan now)
    {
        HashSet<RecordKey> keys = [];
        HashSet<RecordKey> unicast = [];
        List<CachedRecord> stale = [];
        foreach (var cached in _cache.Expire(now, stale))
            NoteExpired(cached, now);
        PursueChanged(now);
        foreach (var (type, series) in _browsed)
        {
            if (series.Due > now)
                continue;
            var key = new RecordKey(type, RecordType.Ptr);
            if (hearsUnicast && series.Asked == 0)
                unicast.Add(key);
            keys.Add(key);
            series.NoteAsked(now);
        }

        foreach (var cached in stale)
        {
            if (IsWanted(cached.Record))
                keys.Add(cached.Record.Key);
        }

        foreach (var (key, series) in _pursuits.Where(pursuit => pursuit.Value.Due <= now).ToList())
        {
            if (series.Asked >= MaxPursuits || !IsMissing(key))
            {
                _pursuits.Remove(key);
                continue;
            }

            series.NoteAsked(now);
            keys.Add(key);
        }

        Ask(keys, unicast, now);
    }

    // The first question of a series wants unicast (RFC 6762 5.4): it is not held back by the limit of one multicast a
    // second, and a fleet is spared hearing its answer to every newcomer.
    private void Ask(HashSet<RecordKey> keys, HashSet<RecordKey> unicast, TimeSpan now)
    {
        if (keys.Count == 0)
            return;
        var questions = keys.Select(key => new Question(key.Name, key.Type, unicast.Contains(key))).ToList();
        var known = keys.SelectMany(_cache.Find)
            .Where(cached => cached.IsFresh(now))
            .Select(cached => cached.Record.WithTimeToLive(cached.SecondsLeft(now), flushesCache: false))
            .ToList();
        outbox.Add(link, null, MessageComposer.Query(questions, known));
    }

    private void Take(ResourceRecord record, DomainName? instance, IPAddress source, TimeSpan now)
    {
        if (!_cache.Add(record, source, now))
            return;
        if (record.Type == RecordType.Srv)
        {
            var (_, host) = RecordData.ReadService(record);
            if (!_instancesByHost.TryGetValue(host, out var instances))
                _instancesByHost[host] = instances = [];
            instances.Add(record.Name);
        }

        NoteChanged(instance, record.Name);
    }

    private void NoteChanged(DomainName? instance, DomainName host)
    {
        if (instance is not null)
            Changed.Add(instance);
        else if (_instancesByHost.TryGetValue(host, out var instances))
            Changed.UnionWith(instances);
    }

    private void NoteExpired(CachedRecord cached, TimeSpan now)
    {
        var record = cached.Record;
        switch (record.Type)
        {
            case RecordType.Ptr:
                Changed.Add(RecordData.ReadPointer(record));
                break;
            case RecordType.Srv:
                var (_, host) = RecordData.ReadService(record);
                if (!_cache.Find(record.Key).Any(other => RecordData.ReadService(other.Record).Target.Equals(host)))
                    UnlinkHost(host, record.Name);
                Changed.Add(record.Name);
                if (_cache.Find(record.Key).Count == 0)
                    ForgetInstance(record.Name, now);
                break;
            default:
                NoteChanged(record.Type == RecordType.Txt ? record.Name : null, record.Name);
                break;
        }
    }

    private void UnlinkHost(DomainName host, DomainName instance)
    {
        if (_instancesByHost.TryGetValue(host, out var instances) && instances.Remove(instance) && instances.Count == 0)
            _instancesByHost.Remove(host);
    }

    // A host that lets its service record run out is gone though its pointer would live for an hour. Asking anew for the
    // type finds it should it come back without announcing itself, as after a broken switch.
    private void ForgetInstance(DomainName instance, TimeSpan now)
    {
        var pointer = _cache
            .Find(new RecordKey(instance.Parent, RecordType.Ptr))
            .FirstOrDefault(cached => RecordData.ReadPointer(cached.Record).Equals(instance));
        if (pointer is null)
            return;
        _cache.Remove(pointer);
        if (_browsed.TryGetValue(instance.Parent, out var series))
            series.Restart(now + TimeSpan.FromSeconds(1));
    }

    private void PursueChanged(TimeSpan now)
    {
        foreach (var instance in Changed)
        {
            if (!IsPointedAt(instance))
                continue;
            Pursue(new RecordKey(instance, RecordType.Srv), now);
            Pursue(new RecordKey(instance, RecordType.Txt), now);
            if (Newest(instance, RecordType.Srv) is not { } service)
                continue;
            var (_, host) = RecordData.ReadService(service.Record);
            Pursue(new RecordKey(host, RecordType.A), now);
            Pursue(new RecordKey(host, RecordType.Aaaa), now);
        }
    }

    private void Pursue(RecordKey key, TimeSpan now)
    {
        if (!_pursuits.ContainsKey(key) && _pursuits.Count < limits.Records && IsMissing(key))
            _pursuits[key] = new QuestionSeries(
                now + PursuitDelay + (PursuitDelaySpread * random.NextDouble()),
                LongestPause
            );
    }

    private bool IsMissing(RecordKey key) =>
        key.Type is RecordType.A or RecordType.Aaaa
            ? _instancesByHost.ContainsKey(key.Name)
                && _cache.Find(new RecordKey(key.Name, RecordType.A)).Count == 0
                && _cache.Find(new RecordKey(key.Name, RecordType.Aaaa)).Count == 0
            : IsPointedAt(key.Name) && _cache.Find(key).Count == 0;

    private bool IsWanted(ResourceRecord record) =>
        record.Type switch
        {
            RecordType.Ptr => _browsed.ContainsKey(record.Name),
            RecordType.Srv or RecordType.Txt => IsPointedAt(record.Name),
            _ => _instancesByHost.TryGetValue(record.Name, out var instances) && instances.Any(IsPointedAt),
        };

    private bool IsPointedAt(DomainName instance)
    {
        if (!_browsed.ContainsKey(instance.Parent))
            return false;
        foreach (var cached in _cache.Find(new RecordKey(instance.Parent, RecordType.Ptr)))
        {
            if (DomainName.EqualsIgnoringCase(cached.Record.Data, instance.Wire))
                return true;
        }

        return false;
    }

    private bool IsKnown(ResourceRecord record, TimeSpan now) =>
        _cache.Find(record.Key).Any(cached => cached.IsFresh(now) && cached.Record.HasSameData(record));

    private QuestionSeries? FindSeries(Question question)
    {
        if (question.Type == RecordType.Ptr && _browsed.TryGetValue(question.Name, out var browsed))
            return browsed;
        return _pursuits.GetValueOrDefault(new RecordKey(question.Name, question.Type));
    }

    private CachedRecord? Newest(DomainName name, RecordType type)
    {
        CachedRecord? newest = null;
        foreach (var cached in _cache.Find(new RecordKey(name, type)))
        {
            if (newest is null || cached.Received > newest.Received)
                newest = cached;
        }

        return newest;
    }
}
