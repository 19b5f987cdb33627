using StatelessSwarm.Discovery.Messages;

namespace StatelessSwarm.Discovery.Responding;

/// <summary>A record we answer with on one link, and when that link last heard it.</summary>
internal sealed class OwnedRecord(Claim claim, ResourceRecord record, bool isUnique, bool saysGoodbye)
{
    /// <summary>The claim it belongs to.</summary>
    public Claim Claim { get; } = claim;

    /// <summary>The record as it goes out, flush bit set when unique.</summary>
    public ResourceRecord Record { get; } = record;

    /// <summary>Whether nobody else may have another record of this name and type.</summary>
    public bool IsUnique { get; } = isUnique;

    /// <summary>Whether a goodbye is sent when it goes.</summary>
    public bool SaysGoodbye { get; } = saysGoodbye;

    /// <summary>When it was last multicast on the link; null for never.</summary>
    public TimeSpan? LastMulticast { get; set; }

    /// <summary>Whether it was withdrawn; pending responses leave it out.</summary>
    public bool IsRetired { get; set; }

    /// <summary>Whether it may be given as an answer now.</summary>
    public bool IsAnswerable => !IsRetired && Claim.IsAnswering;
}
