namespace StatelessSwarm.Cli.Terminals;

/// <summary>Where a command writes: results to <see cref="Out"/>, everything else to <see cref="Error"/>.</summary>
/// <param name="Out">Results; what a script reads.</param>
/// <param name="Error">Errors, progress and notes.</param>
/// <param name="IsInteractive">A person watches <paramref name="Error"/> on a terminal that can move its cursor.</param>
internal sealed record Terminal(TextWriter Out, TextWriter Error, bool IsInteractive)
{
    /// <summary>The process's own streams.</summary>
    public static Terminal FromConsole() =>
        new(
            Console.Out,
            Console.Error,
            !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb")
        );

    /// <summary>A note beside the result.</summary>
    public void Note(string line) => Error.WriteLine($"stateless: {line}");
}
