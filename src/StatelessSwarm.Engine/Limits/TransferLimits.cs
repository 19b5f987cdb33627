namespace StatelessSwarm.Engine.Limits;

/// <summary>
/// Most payload bytes per second in each direction. Null means no limit, 0 means nothing at all. Near and far are told apart by
/// <see cref="Peers.PeerReach"/>; a far web seed counts as far.
/// </summary>
public sealed record TransferLimits
{
    /// <summary>No limit anywhere.</summary>
    public static TransferLimits None { get; } = new();

    /// <summary>Asked of neighbours.</summary>
    public long? LanDown { get; init; }

    /// <summary>Sent to neighbours.</summary>
    public long? LanUp { get; init; }

    /// <summary>Asked of peers beyond the WAN link, by this node.</summary>
    public long? WanDown { get; init; }

    /// <summary>Sent to peers beyond the WAN link, by this node.</summary>
    public long? WanUp { get; init; }

    /// <summary>Asked of peers beyond the WAN link by all members of the site together.</summary>
    public long? SiteWanDown { get; init; }

    /// <summary>Sent to peers beyond the WAN link by all members of the site together.</summary>
    public long? SiteWanUp { get; init; }

    /// <summary>Sent to all peers together, near and far.</summary>
    public long? Up { get; init; }

    /// <summary>The lower of two limits.</summary>
    public static long? Lower(long? one, long? other) => one is { } a && other is { } b ? Math.Min(a, b) : one ?? other;
}
