namespace StatelessSwarm.Cli.Exits;

/// <summary>The one table of exit codes; <c>docs/exit-codes.md</c> repeats it, and a test compares the two.</summary>
internal static class ExitCodeTable
{
    /// <summary>Every code with its meaning, ascending.</summary>
    public static IReadOnlyList<(ExitCode Code, string Meaning)> Rows { get; } =
    [
        (ExitCode.Done, "done"),
        (ExitCode.Failed, "failed; the message says what and where"),
        (ExitCode.Usage, "the command line or a configuration file is wrong"),
        (ExitCode.Refused, "refused by trust: signed metadata is malformed, not signed by the right keys, expired, or older than what was seen"),
        (ExitCode.NoRoom, "not enough room on a file system"),
        (ExitCode.Nothing, "nothing to do, or not found"),
        (ExitCode.Unreachable, "the daemon or the server cannot be reached"),
        (ExitCode.Interrupted, "stopped by a signal before the end"),
    ];
}
