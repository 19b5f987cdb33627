namespace StatelessSwarm.Node.Control;

/// <summary>What the daemon answers. The numbers are on the socket: frozen.</summary>
public enum ControlReplyKind
{
    /// <summary>A status; more may follow.</summary>
    Status = 1,

    /// <summary>The request is done.</summary>
    Done = 2,

    /// <summary>The request failed.</summary>
    Failed = 3,

    /// <summary>The limits.</summary>
    Limits = 4,

    /// <summary>What an update would do.</summary>
    Plan = 5,

    /// <summary>What was deleted, or would be.</summary>
    Collected = 6,
}
