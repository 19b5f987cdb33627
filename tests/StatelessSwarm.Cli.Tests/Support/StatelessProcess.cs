using System.Diagnostics;
using System.Text;

namespace StatelessSwarm.Cli.Tests.Support;

/// <summary>The built <c>stateless</c> executable as a process of its own, killed with the test.</summary>
internal sealed class StatelessProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _error = new();
    private readonly StringBuilder _output = new();
    private readonly Task _reading;

    private StatelessProcess(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput, _output), ReadAsync(process.StandardError, _error));
    }

    public static string Executable { get; } = Path.Combine(AppContext.BaseDirectory, "stateless");

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public string Output => Text(_output);

    public string Error => Text(_error);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static StatelessProcess Start(params IReadOnlyList<string> arguments) => StartProgram(Executable, arguments);

    public static StatelessProcess StartProgram(string program, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        return new StatelessProcess(Process.Start(start)!);
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(Cancellation);
    }

    /// <summary>Sends SIGTERM and waits for the exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        await Shell.RunAsync("/", $"kill -TERM {_process.Id}");
        return await WaitAsync();
    }

    /// <summary>Waits for the exit code.</summary>
    public async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync(Cancellation);
        await _reading;
        return _process.ExitCode;
    }

    /// <summary>Waits until a condition holds; fails when the process ends before.</summary>
    public async Task WaitUntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            Assert.False(_process.HasExited, $"it ended: {Error}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Cancellation);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        await _reading;
        _process.Dispose();
    }

    private static async Task ReadAsync(StreamReader reader, StringBuilder text)
    {
        while (await reader.ReadLineAsync(CancellationToken.None) is { } line)
        {
            lock (text)
                text.AppendLine(line);
        }
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
            return text.ToString();
    }
}
