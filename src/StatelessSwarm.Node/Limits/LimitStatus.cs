using StatelessSwarm.Engine.Limits;

namespace StatelessSwarm.Node.Limits;

/// <summary>A node's limits and what they come to.</summary>
public sealed record LimitStatus
{
    /// <summary>As the options say.</summary>
    public required TransferLimits Configured { get; init; }

    /// <summary>In force now: hours and changes made since the start included.</summary>
    public required TransferLimits InForce { get; init; }

    /// <summary>The hours that hold now, as they were written; null for none.</summary>
    public string? Hours { get; init; }

    /// <summary>Limits that were changed since the start.</summary>
    public IReadOnlyList<LimitName> Changed { get; init; } = [];

    /// <summary>Transfers over the WAN link give way to others' traffic.</summary>
    public bool IsBackground { get; init; }

    /// <summary>This member's part of the site's download budget now, bytes per second; null without one.</summary>
    public long? SiteDownShare { get; init; }

    /// <summary>The same for uploads.</summary>
    public long? SiteUpShare { get; init; }

    /// <summary>Members of the site that fetch over the WAN link now, this one included.</summary>
    public int SiteFetchers { get; init; }

    /// <summary>Bytes that may be on their way from beyond the WAN link; null when transfers do not give way.</summary>
    public long? WindowBytes { get; init; }

    /// <summary>Milliseconds of queue on the way, as seen last.</summary>
    public double QueueMilliseconds { get; init; }
}
