using System.CommandLine;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Trust.Keys;

namespace StatelessSwarm.Cli.Keys;

/// <summary>The <c>--key</c> option of commands that sign.</summary>
internal static class KeyFiles
{
    /// <summary>A new option for one command; may be given several times.</summary>
    public static Option<string[]> CreateOption() =>
        new("--key") { HelpName = "FILE", Description = "Key file to sign with; may be given several times.", Required = true };

    /// <summary>Loads every key named.</summary>
    /// <exception cref="CommandException">A file is not there.</exception>
    public static IReadOnlyList<SigningKey> Load(IReadOnlyList<string> paths) =>
        [
            .. paths.Select(path =>
                File.Exists(path)
                    ? SigningKey.Load(path)
                    : throw new CommandException(ExitCode.Nothing, $"{path}: no such key file (make one: stateless key new -o {path})")
            ),
        ];
}
