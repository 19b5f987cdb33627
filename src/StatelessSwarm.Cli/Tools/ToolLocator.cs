using StatelessSwarm.Cli.Exits;

namespace StatelessSwarm.Cli.Tools;

/// <summary>Finds external programs; a missing one is an error that names the Debian package to install.</summary>
/// <param name="searchPath">Directories joined by ':', as in <c>PATH</c>; null is an empty path.</param>
internal sealed class ToolLocator(string? searchPath)
{
    /// <summary>Absolute path of a program.</summary>
    /// <exception cref="CommandException">It is in no directory of the search path.</exception>
    public string Find(string program, string debianPackage)
    {
        foreach (var directory in (searchPath ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            var candidate = Path.Combine(directory, program);
            if (File.Exists(candidate) && (File.GetUnixFileMode(candidate) & AnyExecute) != UnixFileMode.None)
                return Path.GetFullPath(candidate);
        }
        throw new CommandException(
            ExitCode.Failed,
            $"{program} is not installed; it is in the Debian package {debianPackage} (apt-get install {debianPackage})"
        );
    }

    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
}
