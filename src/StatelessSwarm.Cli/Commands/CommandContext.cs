using StatelessSwarm.Cli.Terminals;
using StatelessSwarm.Cli.Tools;

namespace StatelessSwarm.Cli.Commands;

/// <summary>What commands get from outside; tests hand in their own.</summary>
internal sealed record CommandContext
{
    /// <summary>Where to write.</summary>
    public required Terminal Terminal { get; init; }

    /// <summary>Clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Reads an environment variable, or null.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>Finds external programs on the search path.</summary>
    public ToolLocator Tools => new(Variable("PATH"));

    /// <summary>Progress on <see cref="Terminal"/>.</summary>
    public ProgressDisplay Progress => new(Terminal, Time);
}
