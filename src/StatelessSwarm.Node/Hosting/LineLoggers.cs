using Microsoft.Extensions.Logging;

namespace StatelessSwarm.Node.Hosting;

/// <summary>Loggers that write plain lines, for the daemon and for commands that are asked to log.</summary>
public static class LineLoggers
{
    /// <summary>Makes them; <c>time level message</c> per line, or <c>&lt;priority&gt;message</c> under a service manager.</summary>
    /// <param name="log">Receives whole lines.</param>
    /// <param name="isVerbose">Debug lines too.</param>
    /// <param name="time">Clock.</param>
    public static ILoggerFactory Create(TextWriter log, bool isVerbose, TimeProvider time) =>
        LoggerFactory.Create(logging => Configure(logging, ProviderOf(log, time), isVerbose));

    internal static ILoggerProvider ProviderOf(TextWriter log, TimeProvider time) =>
        new LineLoggerProvider(log, Environment.GetEnvironmentVariable("JOURNAL_STREAM") is { Length: > 0 }, time);

    internal static void Configure(ILoggingBuilder logging, ILoggerProvider provider, bool isVerbose)
    {
        logging.ClearProviders();
        logging.AddProvider(provider);
        logging.SetMinimumLevel(isVerbose ? LogLevel.Debug : LogLevel.Information);
        logging.AddFilter("Microsoft", LogLevel.Warning);
    }
}
