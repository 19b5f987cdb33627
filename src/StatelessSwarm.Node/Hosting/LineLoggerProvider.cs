using Microsoft.Extensions.Logging;

namespace StatelessSwarm.Node.Hosting;

/// <summary>
/// Logs plain lines: <c>time level message</c>; for the journal, which knows the time, <c>&lt;priority&gt;message</c>
/// (sd-daemon(3)).
/// </summary>
/// <param name="writer">Receives whole lines; made thread safe here.</param>
/// <param name="isJournal">The writer ends in the journal.</param>
/// <param name="time">Clock.</param>
internal sealed class LineLoggerProvider(TextWriter writer, bool isJournal, TimeProvider time) : ILoggerProvider
{
    private readonly TextWriter _writer = TextWriter.Synchronized(writer);

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new LineLogger(_writer, isJournal, time);

    /// <inheritdoc/>
    public void Dispose()
    {
        // the writer belongs to the caller
    }

    private sealed class LineLogger(TextWriter writer, bool isJournal, TimeProvider time) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            var (priority, name) = logLevel switch
            {
                LogLevel.Critical => (2, "fatal"),
                LogLevel.Error => (3, "error"),
                LogLevel.Warning => (4, "warn "),
                LogLevel.Information => (6, "info "),
                _ => (7, "debug"),
            };
            var message = formatter(state, exception).ReplaceLineEndings(" ");
            if (exception is not null)
                message += $" ({exception.GetType().Name}: {exception.Message.ReplaceLineEndings(" ")})";
            writer.WriteLine(
                isJournal ? $"<{priority}>{message}" : $"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {name} {message}"
            );
            writer.Flush();
        }
    }
}
