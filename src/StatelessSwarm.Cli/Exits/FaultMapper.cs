using System.Net.Sockets;
using StatelessSwarm.Content;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Trust;

namespace StatelessSwarm.Cli.Exits;

/// <summary>Turns an exception into an exit code and one line for a person. The only place that does.</summary>
internal static class FaultMapper
{
    /// <summary>Exit code and line, without the <c>stateless: </c> prefix.</summary>
    public static (ExitCode Code, string Line) Map(Exception fault) =>
        fault switch
        {
            CommandException command => (command.Code, OneLine(command.Message)),
            OperationCanceledException => (ExitCode.Interrupted, "interrupted"),
            TrustException trust => (ExitCode.Refused, "refused: " + OneLine(trust.Message)),
            NoRoomException room => (ExitCode.NoRoom, "not enough room: " + OneLine(room.Message)),
            HttpRequestException or SocketException => (ExitCode.Unreachable, OneLine(fault.Message)),
            IOException when IsDiskFull(fault) => (ExitCode.NoRoom, OneLine(fault.Message)),
            ContentException or IOException or UnauthorizedAccessException or InvalidOperationException or TimeoutException =>
                (ExitCode.Failed, OneLine(fault.Message)),
            _ => (ExitCode.Failed, $"internal error: {fault.GetType().Name}: {OneLine(fault.Message)}"),
        };

    // ENOSPC and EDQUOT as .NET on Linux reports them: the raw errno in HResult
    private static bool IsDiskFull(Exception fault) => fault.HResult is 28 or 122;

    private static string OneLine(string message)
    {
        var line = message.ReplaceLineEndings(" ").Trim();
        return line.Length <= 1000 ? line : string.Concat(line.AsSpan(0, 1000), "...");
    }
}
