namespace StatelessSwarm.Node.Control;

/// <summary>What a client asks of the daemon. The numbers are on the socket: frozen.</summary>
public enum ControlRequestKind
{
    /// <summary>One status.</summary>
    Status = 1,

    /// <summary>Make next, or what was rolled back, current.</summary>
    Activate = 2,

    /// <summary>Exchange current and previous.</summary>
    RollBack = 3,

    /// <summary>Look at the channel now; statuses follow until the cycle ends, then its result.</summary>
    UpdateNow = 4,

    /// <summary>Statuses until the client closes.</summary>
    Watch = 5,

    /// <summary>Change limits, or nothing; how they stand then is the answer.</summary>
    Limit = 6,

    /// <summary>What an update would do; statuses follow until that is known.</summary>
    Plan = 7,

    /// <summary>Delete what nothing needs.</summary>
    Collect = 8,

    /// <summary>What <see cref="Collect"/> would delete.</summary>
    CollectDryRun = 9,

    /// <summary>End, so that the asking process can go on in this one's place; only a node that gives way does.</summary>
    Leave = 10,
}
