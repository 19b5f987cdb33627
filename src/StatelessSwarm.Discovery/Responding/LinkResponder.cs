using System.Net;
using StatelessSwarm.Discovery.Messages;
using StatelessSwarm.Discovery.Protocol;

namespace StatelessSwarm.Discovery.Responding;

/// <summary>
/// Claims names on one link and answers questions about them (RFC 6762 6 to 10). No sockets, no clock: the caller says
/// what time it is, packets go to the outbox.
/// </summary>
/// <remarks>
/// <list type="table">
/// <listheader><term>phase</term><description>what happens to a claim</description></listheader>
/// <item><term>Probing</term><description>3 probes 250 ms apart, the first after 0-250 ms; other data at the name: lost, the
/// caller renames; a rival probe with greater data: again in 1 s; unanswered: Announcing</description></item>
/// <item><term>Announcing</term><description>3 announcements, 1 s and 2 s apart; other data: Probing; then Established</description></item>
/// <item><term>Established</term><description>other data: Probing; our data with less than half its time: Announcing</description></item>
/// </list>
/// </remarks>
internal sealed partial class LinkResponder(Outbox outbox, LinkKey link, Random random, Func<IPAddress, bool> isOwnAddress)
{
    /// <summary>Probes before a name is ours (RFC 6762 8.1).</summary>
    public const int ProbeCount = 3;

    /// <summary>Announcements; the standard asks for two, the third is for lossy links (RFC 6762 8.3).</summary>
    public const int AnnouncementCount = 3;

    private const int MaxConflicts = 15;

    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan ConflictWindow = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ConflictPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ConflictMemory = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MulticastInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Never = TimeSpan.MaxValue;

    private readonly SortedDictionary<int, Claim> _claims = [];
    private readonly Queue<TimeSpan> _conflicts = new();
    private TimeSpan _lastConflict;
    private bool _isContested;

    /// <summary>Claims somebody else holds, since the caller last cleared this.</summary>
    public List<int> Lost { get; } = [];

    /// <summary>When <see cref="Advance"/> has something to do next.</summary>
    public TimeSpan NextDue
    {
        get
        {
            var next = _pending.Count == 0 ? Never : _pending.Min(pending => pending.Due);
            foreach (var claim in _claims.Values)
                next = claim.Due < next ? claim.Due : next;
            return next;
        }
    }

    /// <summary>Whether a claim was announced here.</summary>
    public bool IsAnnounced(int key) => _claims.TryGetValue(key, out var claim) && claim.IsAnnounced;

    /// <summary>Phase of a claim, null when there is none.</summary>
    public ClaimPhase? PhaseOf(int key) => _claims.TryGetValue(key, out var claim) ? claim.Phase : null;

    /// <summary>Whether a claim holds exactly this already.</summary>
    public bool Holds(ClaimContent content) =>
        _claims.TryGetValue(content.Key, out var claim)
        && claim.Name.Equals(content.Name)
        && content
            .Unique.Concat(content.Shared)
            .Concat(content.Common)
            .All(wanted => claim.Records.Exists(owned => owned.Record.IsSameAs(wanted)));

    /// <summary>
    /// Claims a name, or, when the same claim holds the same name, takes its new records (RFC 6762 8.4). A claim that
    /// changes its name says goodbye for the old one if it had announced it.
    /// </summary>
    public void Set(ClaimContent content, TimeSpan now)
    {
        if (_claims.TryGetValue(content.Key, out var claim) && claim.Name.Equals(content.Name))
        {
            var gone = claim.Replace(content);
            if (!claim.IsAnswering)
                return;
            SayGoodbye(gone.Where(record => !record.IsUnique));
            if (IsHostReady(claim))
            {
                claim.Enter(ClaimPhase.Announcing, now);
            }
            else
            {
                claim.WaitForHost();
            }

            return;
        }

        Withdraw(content.Key, goodbye: true);
        // Claims that start together go out together, the addresses in one packet with the services.
        var together = _claims.Values.FirstOrDefault(other =>
            other.Phase == ClaimPhase.Probing && other.Sent == 0 && other.Due > now
        );
        _claims[content.Key] = new Claim(content, together?.Due ?? FirstProbe(now));
    }

    /// <summary>Gives a claim up, with a goodbye if it had been announced.</summary>
    public void Withdraw(int key, bool goodbye)
    {
        if (!_claims.Remove(key, out var claim))
            return;
        foreach (var record in claim.Records)
            record.IsRetired = true;
        if (goodbye && claim.IsAnswering)
            SayGoodbye(claim.Records);
    }

    /// <summary>Sends what is due.</summary>
    public void Advance(TimeSpan now)
    {
        List<Claim> probing = [];
        List<Claim> announcing = [];
        foreach (var claim in _claims.Values)
        {
            if (claim.Due > now && !(claim.IsWaitingForHost && IsHostReady(claim)))
                continue;
            if (claim.Phase == ClaimPhase.Probing && claim.Sent < ProbeCount)
            {
                probing.Add(claim);
                claim.Sent++;
                claim.Due = now + ProbeInterval;
                continue;
            }

            if (claim.Phase == ClaimPhase.Probing)
            {
                if (!IsHostReady(claim))
                {
                    // The host comes first in the order of claims and wakes this one.
                    claim.WaitForHost();
                    continue;
                }

                claim.Enter(ClaimPhase.Announcing, now);
            }

            announcing.Add(claim);
            claim.Sent++;
            claim.Due = now + (MulticastInterval * (1 << (claim.Sent - 1)));
            if (claim.Sent == AnnouncementCount)
                claim.Enter(ClaimPhase.Established, Never);
        }

        SendProbes(probing);
        SendAnnouncements(announcing, now);
        SendPending(now);
    }

    private bool IsHostReady(Claim claim) =>
        claim.Key == ClaimContent.HostKey
        || !_claims.TryGetValue(ClaimContent.HostKey, out var host)
        || host.IsAnswering;

    private TimeSpan FirstProbe(TimeSpan now)
    {
        if (now - _lastConflict > ConflictMemory)
            _isContested = false;
        return now + (ProbeInterval * random.NextDouble()) + (_isContested ? ConflictPause : TimeSpan.Zero);
    }

    // Fifteen conflicts in ten seconds: five seconds before each further attempt (RFC 6762 8.1), until a quiet minute.
    private void NoteConflict(TimeSpan now)
    {
        _lastConflict = now;
        _conflicts.Enqueue(now);
        if (_conflicts.Count > MaxConflicts)
            _conflicts.Dequeue();
        if (_conflicts.Count == MaxConflicts && now - _conflicts.Peek() <= ConflictWindow)
            _isContested = true;
    }

    private void SendProbes(List<Claim> claims)
    {
        // Few claims per packet: a probe must carry all the records of its names.
        foreach (var group in claims.Chunk(4))
        {
            var questions = group.Select(claim => new Question(claim.Name, RecordType.Any)).ToList();
            var records = group
                .SelectMany(claim => claim.Records)
                .Where(record => record.IsUnique)
                .Select(record => record.Record.WithTimeToLive(record.Record.TimeToLiveSeconds, flushesCache: false))
                .ToList();
            outbox.Add(link, null, MessageComposer.Probe(questions, records));
        }
    }

    private void SendAnnouncements(List<Claim> claims, TimeSpan now)
    {
        var records = claims
            .SelectMany(claim => claim.Records)
            .Where(record => !IsRecent(record, MulticastInterval, now))
            .ToList();
        if (records.Count == 0)
            return;
        Multicast(records, now);
    }

    private void Multicast(List<OwnedRecord> answers, TimeSpan now)
    {
        var additionals = FindAdditionals(answers).FindAll(record => !IsRecent(record, MulticastInterval, now));
        foreach (var record in answers.Concat(additionals))
            record.LastMulticast = now;
        outbox.Add(
            link,
            null,
            MessageComposer.Response(
                [.. answers.Select(answer => answer.Record)],
                [.. additionals.Select(record => record.Record)]
            )
        );
    }

    private void SayGoodbye(IEnumerable<OwnedRecord> records)
    {
        var goodbyes = records
            .Where(record => record.SaysGoodbye)
            .Select(record => record.Record.WithTimeToLive(0, flushesCache: false))
            .ToList();
        outbox.Add(link, null, MessageComposer.Response(goodbyes, []));
    }

    private static bool IsRecent(OwnedRecord record, TimeSpan interval, TimeSpan now) =>
        record.LastMulticast is { } last && now - last < interval;
}
