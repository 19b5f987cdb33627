using System.CommandLine;

namespace StatelessSwarm.Cli.Repositories;

/// <summary>Arguments that the repository commands share.</summary>
internal static class RepositoryOptions
{
    /// <summary>The repository's directory.</summary>
    public static Argument<string> Directory() => new("directory") { HelpName = "DIR", Description = "Repository." };
}
