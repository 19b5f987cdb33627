namespace StatelessSwarm.Cli.Exits;

/// <summary>How a command ended, as the shell sees it. Scripts rely on the numbers: frozen. The table is <see cref="ExitCodeTable"/>.</summary>
internal enum ExitCode
{
    /// <summary>Done.</summary>
    Done = 0,

    /// <summary>Failed for a reason that no other code names.</summary>
    Failed = 1,

    /// <summary>The command line or a configuration file is wrong.</summary>
    Usage = 2,

    /// <summary>Signed metadata was refused.</summary>
    Refused = 3,

    /// <summary>A file system has too little room.</summary>
    NoRoom = 4,

    /// <summary>There was nothing to do, or what was asked for is not there.</summary>
    Nothing = 5,

    /// <summary>The daemon, or the server, cannot be reached.</summary>
    Unreachable = 6,

    /// <summary>Stopped by SIGINT or SIGTERM before the end.</summary>
    Interrupted = 130,
}
