using StatelessSwarm.Discovery.Messages;

namespace StatelessSwarm.Discovery.Responding;

/// <summary>One name on one link, on its way from probing to established.</summary>
internal sealed class Claim
{
    /// <summary>Starts at the first probe.</summary>
    public Claim(ClaimContent content, TimeSpan due)
    {
        Key = content.Key;
        Name = content.Name;
        Due = due;
        Replace(content);
    }

    /// <summary>Which claim it is, the same on every link.</summary>
    public int Key { get; }

    /// <summary>The name that must be ours alone.</summary>
    public DomainName Name { get; }

    /// <summary>Records, unique ones first.</summary>
    public List<OwnedRecord> Records { get; private set; } = [];

    /// <summary>Says which types exist at the name, for those who ask for others (RFC 6762 6.1).</summary>
    public OwnedRecord Absence { get; private set; } = null!;

    /// <summary>How far it is.</summary>
    public ClaimPhase Phase { get; private set; }

    /// <summary>Probes or announcements sent in this phase.</summary>
    public int Sent { get; set; }

    /// <summary>When the next probe or announcement is due.</summary>
    public TimeSpan Due { get; set; }

    /// <summary>Whether its name is free but the host's, which its records name, is not sure yet.</summary>
    public bool IsWaitingForHost { get; private set; }

    /// <summary>Whether questions are answered.</summary>
    public bool IsAnswering => Phase != ClaimPhase.Probing;

    /// <summary>Whether everybody on the link was told at least once.</summary>
    public bool IsAnnounced => Phase == ClaimPhase.Established || (Phase == ClaimPhase.Announcing && Sent > 0);

    /// <summary>Goes to a phase; its first step is due at <paramref name="due"/>.</summary>
    public void Enter(ClaimPhase phase, TimeSpan due)
    {
        Phase = phase;
        Sent = 0;
        Due = due;
        IsWaitingForHost = false;
    }

    /// <summary>Probed, but not to be announced before the host is.</summary>
    public void WaitForHost()
    {
        Enter(ClaimPhase.Probing, TimeSpan.MaxValue);
        Sent = LinkResponder.ProbeCount;
        IsWaitingForHost = true;
    }

    /// <summary>Takes other records under the same name; returns those that are no longer.</summary>
    public List<OwnedRecord> Replace(ClaimContent content)
    {
        var before = Records;
        Records =
        [
            .. content.Unique.Select(record => new OwnedRecord(this, record, isUnique: true, saysGoodbye: true)),
            .. content.Shared.Select(record => new OwnedRecord(this, record, isUnique: false, saysGoodbye: true)),
            .. content.Common.Select(record => new OwnedRecord(this, record, isUnique: false, saysGoodbye: false)),
        ];
        var types = content.Unique.Select(record => record.Type).Distinct().ToList();
        var shortest = content.Unique.Count == 0 ? ClaimContent.HostSeconds : content.Unique.Min(r => r.TimeToLiveSeconds);
        Absence = new OwnedRecord(
            this,
            new ResourceRecord(Name, RecordType.Nsec, shortest, true, RecordData.Existence(Name, types)),
            isUnique: true,
            saysGoodbye: false
        );
        foreach (var record in Records)
            record.LastMulticast = before.Find(old => old.Record.IsSameAs(record.Record))?.LastMulticast;
        var gone = before.FindAll(old => !Records.Exists(record => record.Record.IsSameAs(old.Record)));
        foreach (var record in before)
            record.IsRetired = true;
        return gone;
    }
}
