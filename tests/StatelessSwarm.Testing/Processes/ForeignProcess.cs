using System.Diagnostics;
using System.Text;

namespace StatelessSwarm.Testing.Processes;

/// <summary>
/// A program that runs beside a test: its output is kept and can be waited for, and it is killed, with what it started, when the
/// test lets go of it.
/// </summary>
public sealed class ForeignProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly Lock _gate = new();
    private readonly string _name;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ForeignProcess(Process process, string name)
    {
        _process = process;
        _name = name;
    }

    /// <summary>Process id.</summary>
    public int Id => _process.Id;

    /// <summary>Everything it has printed, both streams, line by line.</summary>
    public string Output
    {
        get
        {
            lock (_gate)
                return _output.ToString();
        }
    }

    /// <summary>Starts a program found on the search path.</summary>
    public static ForeignProcess Start(string program, params string[] arguments) => Start(program, arguments, null);

    /// <summary>Starts a program with additional environment variables.</summary>
    public static ForeignProcess Start(
        string program,
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string>? environment
    )
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        var process = new Process { StartInfo = start };
        var foreign = new ForeignProcess(process, Path.GetFileName(program));
        process.OutputDataReceived += (_, line) => foreign.Append(line.Data);
        process.ErrorDataReceived += (_, line) => foreign.Append(line.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return foreign;
    }

    /// <summary>Runs a program to its end and returns exit code and output.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(TimeSpan patience, string program, params string[] arguments)
    {
        await using var process = Start(program, arguments);
        return (await process.WaitForExitAsync(patience), process.Output);
    }

    /// <summary>Waits until the output holds a text; fails with the whole output when the time is up or the program ends first.</summary>
    public async Task WaitForAsync(string text, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience, TimeProvider.System);
        var exited = _process.WaitForExitAsync(limit.Token);
        while (true)
        {
            Task changed;
            lock (_gate)
                changed = _changed.Task;
            if (Output.Contains(text, StringComparison.Ordinal))
                return;
            if (exited.IsCompleted || await Task.WhenAny(changed, exited) == exited)
            {
                await Task.WhenAny(changed, Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken.None));
                if (Output.Contains(text, StringComparison.Ordinal))
                    return;
                var why = limit.IsCancellationRequested ? "no" : $"{_name} ended without";
                throw new TimeoutException($"{why} \"{text}\" from {_name}; it printed:\n{Output}");
            }
        }
    }

    /// <summary>Waits for the end and returns the exit code.</summary>
    public async Task<int> WaitForExitAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience, TimeProvider.System);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException fault)
        {
            throw new TimeoutException($"{_name} did not end; it printed:\n{Output}", fault);
        }
        return _process.ExitCode;
    }

    /// <summary>SIGKILL, and waits until the program is gone.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private void Append(string? line)
    {
        if (line is null)
            return;
        lock (_gate)
        {
            _output.Append(line).Append('\n');
            _changed.TrySetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
