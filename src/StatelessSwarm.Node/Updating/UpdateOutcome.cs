namespace StatelessSwarm.Node.Updating;

/// <summary>What came of a cycle, an activation or a rollback. The numbers are on the control socket: frozen.</summary>
public enum UpdateOutcome
{
    /// <summary>The channel's release is in place already.</summary>
    UpToDate = 1,

    /// <summary>The release became current.</summary>
    Activated = 2,

    /// <summary>The release became next, as the policy says.</summary>
    Staged = 3,

    /// <summary>The channel's release was rolled back here; it is not taken again by itself.</summary>
    Held = 4,
}
