using Spectre.Console;
using StatelessSwarm.Cli.Units;

namespace StatelessSwarm.Cli.Terminals;

/// <summary>
/// Shows work that takes more than a second: a bar on a terminal, otherwise a plain line at most once a second. Everything goes
/// to the error stream, so that results stay clean.
/// </summary>
internal sealed class ProgressDisplay(Terminal terminal, TimeProvider time)
{
    private const int BarWidth = 20;

    // the percentage and the gaps between columns
    private const int OtherColumns = 8;

    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(1);

    /// <summary>Runs <paramref name="work"/> with a progress it may tell (done, total, detail) from any thread.</summary>
    public async Task<T> RunAsync<T>(string title, Func<IProgress<ProgressStep>, Task<T>> work)
    {
        if (!terminal.IsInteractive)
            return await work(new Lines(terminal.Error, title, time));

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal.Error) });
        return await console
            .Progress()
            .AutoClear(true)
            .Columns(
                new ProgressBarColumn { Width = BarWidth },
                new PercentageColumn(),
                new TaskDescriptionColumn { Alignment = Justify.Left }
            )
            .StartAsync(async context =>
            {
                var task = context.AddTask(Markup.Escape(title), autoStart: true, maxValue: 1);
                return await work(new Bar(task, title, Math.Max(20, console.Profile.Width - BarWidth - OtherColumns)));
            });
    }

    private sealed class Bar(ProgressTask task, string title, int room) : IProgress<ProgressStep>
    {
        public void Report(ProgressStep value)
        {
            task.IsIndeterminate = value.Total <= 0;
            task.MaxValue = Math.Max(1, value.Total);
            task.Value = Math.Clamp(value.Done, 0, Math.Max(1, value.Total));
            var text = value.Detail is null ? title : $"{title}: {value.Detail}";
            // a line that wraps would be drawn over and over
            task.Description = Markup.Escape(text.Length > room ? text[..room] : text);
        }
    }

    private sealed class Lines(TextWriter writer, string title, TimeProvider time) : IProgress<ProgressStep>
    {
        private readonly Lock _gate = new();
        private long _last = time.GetTimestamp();

        public void Report(ProgressStep value)
        {
            lock (_gate)
            {
                if (time.GetElapsedTime(_last) < LineInterval)
                    return;
                _last = time.GetTimestamp();
                var share = value.Total > 0 ? $" {Percent.Of(value.Done, value.Total)}" : "";
                var detail = value.Detail is null ? "" : $" ({value.Detail})";
                writer.WriteLine($"{title}:{share}{detail}");
            }
        }
    }
}
