namespace StatelessSwarm.Node.Faults;

/// <summary>Why something did not work, as coarse as a script needs it. The numbers are on the control socket: frozen.</summary>
public enum FaultKind
{
    /// <summary>Nothing below.</summary>
    Failed = 1,

    /// <summary>A setting or an argument is wrong.</summary>
    Usage = 2,

    /// <summary>Signed metadata was refused.</summary>
    Refused = 3,

    /// <summary>Too little room.</summary>
    NoRoom = 4,

    /// <summary>Nothing to do, or not found.</summary>
    Nothing = 5,

    /// <summary>Server or daemon cannot be reached.</summary>
    Unreachable = 6,
}
