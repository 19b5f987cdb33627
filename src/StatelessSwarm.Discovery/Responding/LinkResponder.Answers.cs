using System.Net;
using StatelessSwarm.Discovery.Messages;
using StatelessSwarm.Discovery.Protocol;

namespace StatelessSwarm.Discovery.Responding;

/// <content>Answers to questions (RFC 6762 5.4, 5.5, 6, 7).</content>
internal sealed partial class LinkResponder
{
    // More askers than this at once are not served before the first have been.
    private const int MaxPending = 256;
    private const uint MaxLegacySeconds = 10;

    private static readonly TimeSpan MinSharedDelay = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan SharedDelaySpread = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MinTruncatedDelay = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan TruncatedDelaySpread = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan DefenceInterval = TimeSpan.FromMilliseconds(250);

    private readonly List<PendingResponse> _pending = [];

    /// <summary>Takes a query from somebody else on this link.</summary>
    public void ReceiveQuery(Message query, IPEndPoint source, bool isMulticast, TimeSpan now)
    {
        var isLegacy = source.Port != MulticastProtocol.Port;
        if (!isLegacy)
        {
            BreakTies(query, now);
            ContinueKnownAnswers(query, source.Address, now);
        }

        List<OwnedRecord> multicast = [];
        List<OwnedRecord> unicast = [];
        var isDefence = false;
        foreach (var question in query.Questions)
        {
            var isProbe = query.Authorities.Exists(record => record.Name.Equals(question.Name));
            foreach (var answer in FindAnswers(question))
            {
                if (!isLegacy && IsKnown(answer.Record, query.Answers))
                    continue;
                var byUnicast =
                    isLegacy
                    || !isMulticast
                    || (question.WantsUnicast && (isProbe || IsRecent(answer, QuarterOf(answer.Record), now)));
                AddOnce(byUnicast ? unicast : multicast, answer);
                isDefence |= isProbe;
            }
        }

        var delay = Delay(query, multicast.Concat(unicast));
        if (multicast.Count > 0)
        {
            Enqueue(
                new PendingResponse
                {
                    Due = now + delay,
                    Answers = multicast,
                    Asker = source.Address,
                    IsDefence = isDefence,
                    IsWaitingForKnownAnswers = query.Header.IsTruncated,
                }
            );
        }

        if (unicast.Count > 0)
        {
            Enqueue(
                new PendingResponse
                {
                    Due = now + delay,
                    Answers = unicast,
                    Asker = source.Address,
                    Target = source,
                    IsLegacy = isLegacy,
                    IsWaitingForKnownAnswers = query.Header.IsTruncated,
                    Id = isLegacy ? query.Header.Id : (ushort)0,
                    Echoed = isLegacy ? query.Questions : [],
                }
            );
        }
    }

    private void Enqueue(PendingResponse response)
    {
        if (_pending.Count < MaxPending)
            _pending.Add(response);
    }

    private TimeSpan Delay(Message query, IEnumerable<OwnedRecord> answers)
    {
        if (query.Header.IsTruncated)
            return MinTruncatedDelay + (TruncatedDelaySpread * random.NextDouble());
        return answers.All(answer => answer.IsUnique)
            ? TimeSpan.Zero
            : MinSharedDelay + (SharedDelaySpread * random.NextDouble());
    }

    private IEnumerable<OwnedRecord> FindAnswers(Question question)
    {
        foreach (var claim in _claims.Values)
        {
            if (!claim.IsAnswering)
                continue;
            var isAbsent = claim.Name.Equals(question.Name);
            foreach (var record in claim.Records)
            {
                if (!question.IsAnsweredBy(record.Record))
                    continue;
                isAbsent = false;
                yield return record;
            }

            if (isAbsent)
                yield return claim.Absence;
        }
    }

    // The asker has it with at least half its time left (RFC 6762 7.1).
    private static bool IsKnown(ResourceRecord answer, List<ResourceRecord> known) =>
        known.Exists(record => record.TimeToLiveSeconds >= answer.TimeToLiveSeconds / 2 && record.IsSameAs(answer));

    private static TimeSpan QuarterOf(ResourceRecord record) => TimeSpan.FromSeconds(record.TimeToLiveSeconds / 4.0);

    private void ContinueKnownAnswers(Message query, IPAddress asker, TimeSpan now)
    {
        if (query.Answers.Count == 0)
            return;
        foreach (var pending in _pending)
        {
            if (!pending.IsWaitingForKnownAnswers || !asker.Equals(pending.Asker))
                continue;
            pending.Answers.RemoveAll(answer => IsKnown(answer.Record, query.Answers));
            if (query.Header.IsTruncated && query.Questions.Count == 0)
                pending.Due = now + MinTruncatedDelay + (TruncatedDelaySpread * random.NextDouble());
        }
    }

    // Somebody else just said what we were about to say (RFC 6762 7.4).
    private void SuppressDuplicates(ResourceRecord heard)
    {
        foreach (var pending in _pending)
        {
            if (pending.Target is not null)
                continue;
            pending.Answers.RemoveAll(answer =>
                heard.TimeToLiveSeconds >= answer.Record.TimeToLiveSeconds && answer.Record.IsSameAs(heard)
            );
        }
    }

    private void SendPending(TimeSpan now)
    {
        if (!_pending.Exists(pending => pending.Due <= now))
            return;
        var due = _pending.FindAll(pending => pending.Due <= now);
        _pending.RemoveAll(pending => pending.Due <= now);
        List<OwnedRecord> answers = [];
        foreach (var pending in due)
        {
            if (pending.Target is not null)
            {
                SendUnicast(pending);
                continue;
            }

            var interval = pending.IsDefence ? DefenceInterval : MulticastInterval;
            foreach (var answer in pending.Answers)
            {
                if (!answer.IsAnswerable || answers.Contains(answer))
                    continue;
                if (IsRecent(answer, interval, now))
                    Defer(answer, answer.LastMulticast!.Value + interval);
                else
                    answers.Add(answer);
            }
        }

        if (answers.Count > 0)
            Multicast(answers, now);
    }

    // Asked for again within the second: said once more when the second is over, for all who asked meanwhile.
    private void Defer(OwnedRecord answer, TimeSpan due)
    {
        if (_pending.Exists(p => p.Target is null && !p.IsWaitingForKnownAnswers && p.Answers.Contains(answer)))
            return;
        Enqueue(new PendingResponse { Due = due, Answers = [answer] });
    }

    private void SendUnicast(PendingResponse pending)
    {
        var answers = pending.Answers.FindAll(answer => answer.IsAnswerable);
        if (answers.Count == 0)
            return;
        outbox.Add(
            link,
            pending.Target,
            MessageComposer.Response(
                [.. answers.Select(AsSent)],
                [.. FindAdditionals(answers).Select(AsSent)],
                pending.Id,
                pending.Echoed
            )
        );

        // A resolver that knows nothing of flush bits and goodbyes must not keep records long (RFC 6762 6.7).
        ResourceRecord AsSent(OwnedRecord owned) =>
            pending.IsLegacy
                ? owned.Record.WithTimeToLive(Math.Min(MaxLegacySeconds, owned.Record.TimeToLiveSeconds), false)
                : owned.Record;
    }

    // RFC 6763 12: with PTR go SRV, TXT and addresses, with SRV addresses, with one address kind the other.
    private List<OwnedRecord> FindAdditionals(List<OwnedRecord> answers)
    {
        List<OwnedRecord> additionals = [];
        _claims.TryGetValue(ClaimContent.HostKey, out var host);
        foreach (var answer in answers)
        {
            if (answer.Record.Type == RecordType.Ptr && answer.SaysGoodbye)
                AddUnique(answer.Claim);
            if (answer.Record.Type is RecordType.Ptr or RecordType.Srv && answer.SaysGoodbye && host is { IsAnswering: true })
                AddUnique(host);
            if (answer.Record.Type is RecordType.A or RecordType.Aaaa)
                AddUnique(answer.Claim);
        }

        return additionals;

        void AddUnique(Claim claim)
        {
            foreach (var record in claim.Records)
            {
                if (record.IsUnique && !answers.Contains(record))
                    AddOnce(additionals, record);
            }

            var isOneAddressKindOnly =
                claim.Key == ClaimContent.HostKey && claim.Records.Select(r => r.Record.Type).Distinct().Count() == 1;
            if (isOneAddressKindOnly && !answers.Contains(claim.Absence))
                AddOnce(additionals, claim.Absence);
        }
    }

    private static void AddOnce(List<OwnedRecord> records, OwnedRecord record)
    {
        if (!records.Contains(record))
            records.Add(record);
    }
}
