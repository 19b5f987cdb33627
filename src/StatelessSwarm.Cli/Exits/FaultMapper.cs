using StatelessSwarm.Node.Faults;

namespace StatelessSwarm.Cli.Exits;

/// <summary>Turns an exception into an exit code and one line for a person. The only place that does.</summary>
internal static class FaultMapper
{
    /// <summary>Exit code and line, without the <c>stateless: </c> prefix.</summary>
    public static (ExitCode Code, string Line) Map(Exception exception)
    {
        if (exception is OperationCanceledException)
            return (ExitCode.Interrupted, "interrupted");
        if (exception is CommandException command)
            return (command.Code, Fault.OneLine(command.Message));
        var fault = Fault.Of(exception);
        return (CodeOf(fault.Kind), fault.Line);
    }

    /// <summary>The exit code of a kind of fault.</summary>
    public static ExitCode CodeOf(FaultKind kind) =>
        kind switch
        {
            FaultKind.Usage => ExitCode.Usage,
            FaultKind.Refused => ExitCode.Refused,
            FaultKind.NoRoom => ExitCode.NoRoom,
            FaultKind.Nothing => ExitCode.Nothing,
            FaultKind.Unreachable => ExitCode.Unreachable,
            _ => ExitCode.Failed,
        };
}
