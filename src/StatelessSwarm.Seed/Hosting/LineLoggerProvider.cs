namespace StatelessSwarm.Seed.Hosting;

/// <summary>Writes one line per entry, level first, as a service manager's journal likes it; an exception is its message.</summary>
internal sealed class LineLoggerProvider : ILoggerProvider
{
    private readonly TextWriter _output;
    private readonly Lock _gate = new();

    /// <summary>Writes to <paramref name="output"/>.</summary>
    public LineLoggerProvider(TextWriter output) => _output = output;

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new LineLogger(this);

    /// <inheritdoc/>
    public void Dispose()
    {
        // the writer is the caller's
    }

    private void Write(string line)
    {
        lock (_gate)
        {
            _output.WriteLine(line);
            _output.Flush();
        }
    }

    private sealed class LineLogger(LineLoggerProvider provider) : ILogger
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
            var level = logLevel switch
            {
                >= LogLevel.Error => "error",
                LogLevel.Warning => "warning",
                LogLevel.Information => "info",
                _ => "debug",
            };
            var message = formatter(state, exception);
            var line = exception is null ? message : $"{message}: {exception.Message}";
            provider.Write($"{level}: {line.ReplaceLineEndings(" ")}");
        }
    }
}
