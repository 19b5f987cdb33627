using System.Net.Sockets;
using StatelessSwarm.Content;
using StatelessSwarm.Node.Booting;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Platform.Errors;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Trust;

namespace StatelessSwarm.Node.Faults;

/// <summary>An exception as one line and a kind; the only place where exceptions are sorted.</summary>
/// <param name="Kind">What kind.</param>
/// <param name="Line">One line for a person.</param>
public sealed record Fault(FaultKind Kind, string Line)
{
    /// <summary>Longest line: 1,000 characters.</summary>
    public const int MaxLine = 1000;

    // ENOSPC and EDQUOT as .NET on Linux reports them: the raw errno in HResult
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;

    /// <summary>Sorts an exception.</summary>
    public static Fault Of(Exception exception) =>
        exception switch
        {
            NodeException node => new Fault(node.Kind, OneLine(node.Message)),
            ConfigurationException => new Fault(FaultKind.Usage, OneLine(exception.Message)),
            TrustException => new Fault(FaultKind.Refused, "refused: " + OneLine(exception.Message)),
            NoRoomException => new Fault(FaultKind.NoRoom, "not enough room: " + OneLine(exception.Message)),
            PlatformException { IsNoSpace: true } => new Fault(FaultKind.NoRoom, OneLine(exception.Message)),
            IOException { HResult: NoSpace or QuotaExceeded } => new Fault(FaultKind.NoRoom, OneLine(exception.Message)),
            HttpRequestException or SocketException => new Fault(FaultKind.Unreachable, OneLine(exception.Message)),
            ContentException or BootFailedException or IOException or UnauthorizedAccessException or InvalidOperationException or TimeoutException =>
                new Fault(FaultKind.Failed, OneLine(exception.Message)),
            _ => new Fault(FaultKind.Failed, $"internal error: {exception.GetType().Name}: {OneLine(exception.Message)}"),
        };

    /// <summary>The text on one line, cut to <see cref="MaxLine"/>.</summary>
    public static string OneLine(string text)
    {
        var line = text.ReplaceLineEndings(" ").Trim();
        return line.Length <= MaxLine ? line : string.Concat(line.AsSpan(0, MaxLine - 3), "...");
    }
}
