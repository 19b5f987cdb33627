using StatelessSwarm.Discovery.Messages;

namespace StatelessSwarm.Discovery.Responding;

/// <content>What others say about names we hold or want (RFC 6762 8.2, 9).</content>
internal sealed partial class LinkResponder
{
    private static readonly TimeSpan TieBreakPause = TimeSpan.FromSeconds(1);

    /// <summary>Takes a response from somebody else; the caller has checked that it comes from port 5353 on this link.</summary>
    public void ReceiveResponse(Message message, bool isMulticast, TimeSpan now)
    {
        foreach (var record in message.Answers.Concat(message.Additionals))
        {
            foreach (var claim in _claims.Values)
            {
                if (claim.Name.Equals(record.Name))
                    CompareWithClaim(claim, record, now);
            }

            if (isMulticast)
                SuppressDuplicates(record);
        }
    }

    private void CompareWithClaim(Claim claim, ResourceRecord record, TimeSpan now)
    {
        if (record.Type is not (RecordType.A or RecordType.Aaaa or RecordType.Srv or RecordType.Txt))
            return;
        if (Lost.Contains(claim.Key))
            return;
        var own = claim.Records.Find(owned => owned.IsUnique && owned.Record.IsSameAs(record));
        if (own is not null)
        {
            // Another responder of this very host may share our host name; when it leaves, we stay (RFC 6762 6.6).
            if (claim.IsAnswering && record.TimeToLiveSeconds < own.Record.TimeToLiveSeconds / 2)
            {
                claim.Enter(ClaimPhase.Announcing, now);
                own.LastMulticast = null;
            }

            return;
        }

        if (record.TimeToLiveSeconds == 0 || IsOwnMachine(record))
            return;
        if (claim.Phase == ClaimPhase.Probing)
        {
            // Before the first probe nothing is asked; whoever holds the name will answer that probe.
            if (claim.Sent == 0)
                return;
            NoteConflict(now);
            Lost.Add(claim.Key);
        }
        else if (claim.Records.Exists(owned => owned.IsUnique && owned.Record.Type == record.Type))
        {
            NoteConflict(now);
            claim.Enter(ClaimPhase.Probing, FirstProbe(now));
        }
    }

    private bool IsOwnMachine(ResourceRecord record) =>
        RecordData.TryReadAddress(record, 0, allowsLoopback: true, out var address) && isOwnAddress(address);

    // Two hosts ask for one name at once: the one whose sorted records compare greater has it (RFC 6762 8.2.1).
    private void BreakTies(Message query, TimeSpan now)
    {
        if (query.Authorities.Count == 0)
            return;
        foreach (var claim in _claims.Values)
        {
            if (claim.Phase != ClaimPhase.Probing || !query.Questions.Exists(q => q.Name.Equals(claim.Name)))
                continue;
            var theirs = query.Authorities.FindAll(record => record.Name.Equals(claim.Name));
            var ours = claim.Records.Where(record => record.IsUnique).Select(record => record.Record).ToList();
            if (theirs.Count == 0 || Compare(ours, theirs) >= 0)
                continue;
            NoteConflict(now);
            claim.Enter(ClaimPhase.Probing, now + TieBreakPause);
        }
    }

    private static int Compare(List<ResourceRecord> ours, List<ResourceRecord> theirs)
    {
        ours.Sort(Compare);
        theirs.Sort(Compare);
        for (var i = 0; i < ours.Count && i < theirs.Count; i++)
        {
            var order = Compare(ours[i], theirs[i]);
            if (order != 0)
                return order;
        }

        return ours.Count.CompareTo(theirs.Count);
    }

    private static int Compare(ResourceRecord left, ResourceRecord right)
    {
        var order = left.Type.CompareTo(right.Type);
        return order != 0 ? order : left.Data.SequenceCompareTo(right.Data);
    }
}
