using System.Diagnostics;
using System.Threading.Channels;

namespace StatelessSwarm.Testing.Processes;

/// <summary>
/// A program a test runs and reads line by line. It is told to stop by the end of its standard input, and killed if it does
/// not; closing the pipe also ends it when the test itself is killed. A foreign program, which does not watch its standard input,
/// is killed at once.
/// </summary>
public sealed class LineProcess : IAsyncDisposable
{
    private const int MaxLines = 100_000;
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(10);

    // Runs a program that does not watch its standard input, ends it when that ends, and waits for it.
    private const string Guard = "\"$@\" & child=$!; cat > /dev/null; kill $child 2> /dev/null; wait $child";

    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateBounded<string>(MaxLines);
    private readonly List<string> _seen = [];
    private readonly string _command;
    private readonly bool _isForeign;
    private readonly Task _reading;

    private LineProcess(Process process, string command, bool isForeign)
    {
        _process = process;
        _command = command;
        _isForeign = isForeign;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput, ""), ReadAsync(process.StandardError, "error: "));
    }

    /// <summary>Process id.</summary>
    public int Id => _process.Id;

    /// <summary>Starts a program that ends with its standard input.</summary>
    public static LineProcess Start(string program, IEnumerable<string> arguments) =>
        Start(program, [.. arguments], new Dictionary<string, string>());

    /// <summary>Starts a foreign program, to be killed with what it started when the test lets go of it.</summary>
    public static LineProcess StartForeign(string program, params IReadOnlyList<string> arguments) =>
        Start(program, arguments, new Dictionary<string, string>(), isForeign: true);

    /// <summary>Runs a program to its end; its exit code and everything it wrote.</summary>
    /// <exception cref="TimeoutException">It did not end.</exception>
    public static async Task<(int ExitCode, string Output)> RunAsync(
        TimeSpan patience,
        string program,
        params IReadOnlyList<string> arguments
    )
    {
        await using var process = StartForeign(program, arguments);
        process._process.StandardInput.Close();
        using var giveUp = new CancellationTokenSource(patience, TimeProvider.System);
        try
        {
            await process._process.WaitForExitAsync(giveUp.Token);
        }
        catch (OperationCanceledException fault)
        {
            throw new TimeoutException($"'{process._command}' did not end; it wrote:\n{process.Written}", fault);
        }
        await process._reading;
        return (process._process.ExitCode, process.Written);
    }

    /// <summary>Starts a program that ends with its standard input.</summary>
    public static LineProcess Start(
        string program,
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string> environment,
        bool isForeign = false
    )
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
        return new LineProcess(process, $"{program} {string.Join(' ', arguments)}", isForeign);
    }

    /// <summary>The command line that makes any program end with its standard input.</summary>
    public static IEnumerable<string> Guarded(string program, params IEnumerable<string> arguments) =>
        ["sh", "-c", Guard, "guard", program, .. arguments];

    /// <summary>Waits for a line, and returns it; lines before it are passed over.</summary>
    /// <exception cref="TimeoutException">It did not come; the message holds what came instead.</exception>
    public async Task<string> WaitForAsync(Predicate<string> wanted, TimeSpan patience)
    {
        using var giveUp = new CancellationTokenSource(patience, TimeProvider.System);
        try
        {
            while (true)
            {
                var line = await _lines.Reader.ReadAsync(giveUp.Token);
                if (wanted(line))
                    return line;
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or ChannelClosedException)
        {
            var end = fault is OperationCanceledException ? $"within {patience.TotalSeconds} s" : "before it ended";
            throw new TimeoutException($"'{_command}' did not write the line {end}; it wrote:\n{Written}", fault);
        }
    }

    /// <summary>Waits for a line that holds a text, and returns it.</summary>
    /// <exception cref="TimeoutException">It did not come.</exception>
    public Task<string> WaitForAsync(string text, TimeSpan patience) =>
        WaitForAsync(line => line.Contains(text, StringComparison.Ordinal), patience);

    /// <summary>Everything written so far.</summary>
    public string Written
    {
        get
        {
            lock (_seen)
                return string.Join('\n', _seen);
        }
    }

    /// <summary>Ends it without giving it a chance.</summary>
    public void Kill() => _process.Kill(entireProcessTree: true);

    /// <summary>Ends its standard input and waits for it to stop.</summary>
    public async Task StopAsync()
    {
        if (_isForeign && !_process.HasExited)
            Kill();
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It is gone already.
        }

        using var giveUp = new CancellationTokenSource(StopTime, TimeProvider.System);
        try
        {
            await _process.WaitForExitAsync(giveUp.Token);
        }
        catch (OperationCanceledException)
        {
            Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _reading;
        _process.Dispose();
    }

    private async Task ReadAsync(StreamReader reader, string mark)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_seen)
                _seen.Add(mark + line);
            _lines.Writer.TryWrite(mark + line);
        }

        if (mark.Length == 0)
            _lines.Writer.TryComplete();
    }
}
