namespace StatelessSwarm.Cli.Exits;

/// <summary>Ends a command with a one-line message and an exit code.</summary>
internal sealed class CommandException(ExitCode code, string message) : Exception(message)
{
    /// <summary>What the process returns.</summary>
    public ExitCode Code { get; } = code;
}
