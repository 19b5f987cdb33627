namespace StatelessSwarm.Engine.Limits;

/// <summary>What a node's limits come to at the moment.</summary>
public sealed record BudgetStatus
{
    /// <summary>The limits.</summary>
    public required TransferLimits Limits { get; init; }

    /// <summary>Transfers over the WAN link give way to others' traffic.</summary>
    public bool IsBackground { get; init; }

    /// <summary>Our part of the site's download budget, bytes per second; null without one.</summary>
    public long? SiteDownShare { get; init; }

    /// <summary>Our part of the site's upload budget, bytes per second; null without one.</summary>
    public long? SiteUpShare { get; init; }

    /// <summary>Members of the site that fetch over the WAN link now, ourselves included.</summary>
    public int SiteFetchers { get; init; }

    /// <summary>Bytes that may be on their way from beyond the WAN link; null when they do not give way.</summary>
    public long? WindowBytes { get; init; }

    /// <summary>Milliseconds that what we ask for waits in a queue on the way, as seen last.</summary>
    public double QueueMilliseconds { get; init; }
}
