namespace StatelessSwarm.Node.Status;

/// <summary>What the node is doing. The numbers are on the control socket: frozen.</summary>
public enum UpdatePhase
{
    /// <summary>Nothing; waits for the next look at the channel.</summary>
    Idle = 0,

    /// <summary>Reads and checks signed metadata.</summary>
    Checking = 1,

    /// <summary>Fetches a release.</summary>
    Downloading = 2,

    /// <summary>Reads a fetched release in full and compares.</summary>
    Verifying = 3,

    /// <summary>Mounts and flips the links.</summary>
    Activating = 4,

    /// <summary>The last try failed; waits to try again.</summary>
    Failed = 5,
}
