namespace StatelessSwarm.Node.Booting;

/// <summary>What a machine does when nothing can be booted.</summary>
public enum BootFailure
{
    /// <summary>Tries again, for ever, with growing pauses.</summary>
    Retry,

    /// <summary>Restarts after a pause.</summary>
    Reboot,

    /// <summary>Gives the console a shell.</summary>
    Shell,
}
