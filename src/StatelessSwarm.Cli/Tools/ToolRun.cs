using System.Diagnostics;
using StatelessSwarm.Cli.Exits;

namespace StatelessSwarm.Cli.Tools;

/// <summary>Runs an external program to its end, its output read as it comes; killed with its children when cancelled.</summary>
internal sealed class ToolRun
{
    // what is kept of a program's error output for the message: its last words matter
    private const int ErrorTail = 600;

    // EPIPE, as .NET on Linux reports it
    private const int BrokenPipe = 32;

    /// <summary>Absolute path of the program.</summary>
    public required string Program { get; init; }

    /// <summary>Arguments, not seen by a shell.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Environment variables to take out.</summary>
    public IReadOnlyList<string> RemovedVariables { get; init; } = [];

    /// <summary>Receives what the program prints, a buffer at a time; valid during the call.</summary>
    public Action<ReadOnlyMemory<char>>? OnOutput { get; init; }

    /// <summary>Receives what the program writes to its error output, a buffer at a time; valid during the call.</summary>
    public Action<ReadOnlyMemory<char>>? OnError { get; init; }

    /// <summary>Takes what the program prints as it is, instead of <see cref="OnOutput"/>; null for text.</summary>
    public Stream? Output { get; init; }

    /// <summary>Writes the program's standard input, which is closed then; null for an empty input.</summary>
    public Func<Stream, CancellationToken, Task>? Input { get; init; }

    /// <summary>Environment variables to set.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Runs it.</summary>
    /// <exception cref="CommandException">It ended with another code than 0; carries the end of its error output.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(Program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in Arguments)
            start.ArgumentList.Add(argument);
        foreach (var variable in RemovedVariables)
            start.Environment.Remove(variable);
        foreach (var (name, value) in Variables)
            start.Environment[name] = value;
        start.Environment["LC_ALL"] = "C";

        using var process = new Process { StartInfo = start };
        process.Start();
        var tail = new System.Text.StringBuilder();
        try
        {
            await Task.WhenAll(
                FeedAsync(process, cancellation),
                Output is { } output
                    ? process.StandardOutput.BaseStream.CopyToAsync(output, 1 << 20, cancellation)
                    : ReadAsync(process.StandardOutput, OnOutput ?? (_ => { }), cancellation),
                ReadAsync(
                    process.StandardError,
                    text =>
                    {
                        Keep(tail, text);
                        OnError?.Invoke(text);
                    },
                    cancellation
                ),
                process.WaitForExitAsync(cancellation)
            );
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        if (process.ExitCode != 0)
        {
            var words = tail.ToString().ReplaceLineEndings(" ").Trim();
            throw new CommandException(
                ExitCode.Failed,
                $"{Path.GetFileName(Program)} ended with code {process.ExitCode}{(words.Length > 0 ? ": " + words : "")}"
            );
        }
    }

    private async Task FeedAsync(Process process, CancellationToken cancellation)
    {
        await using var input = process.StandardInput.BaseStream;
        if (Input is null)
            return;
        try
        {
            await Input(input, cancellation);
        }
        catch (IOException fault) when (fault.HResult == BrokenPipe)
        {
            // a closed pipe is the program's failure, which its exit code tells better
        }
    }

    private static async Task ReadAsync(StreamReader reader, Action<ReadOnlyMemory<char>> sink, CancellationToken cancellation)
    {
        var buffer = new char[4096];
        int count;
        while ((count = await reader.ReadAsync(buffer, cancellation)) > 0)
            sink(buffer.AsMemory(0, count));
    }

    private static void Keep(System.Text.StringBuilder tail, ReadOnlyMemory<char> text)
    {
        tail.Append(text.Span);
        if (tail.Length > ErrorTail)
            tail.Remove(0, tail.Length - ErrorTail);
    }
}
