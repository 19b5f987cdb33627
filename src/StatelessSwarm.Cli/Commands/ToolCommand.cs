using System.CommandLine;

namespace StatelessSwarm.Cli.Commands;

/// <summary>A command whose help ends with an example.</summary>
internal sealed class ToolCommand(string name, string description, params string[] examples) : Command(name, description)
{
    /// <summary>Command lines as a person would type them.</summary>
    public IReadOnlyList<string> Examples { get; } = examples;
}
