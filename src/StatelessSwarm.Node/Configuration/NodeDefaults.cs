namespace StatelessSwarm.Node.Configuration;

/// <summary>Places used when none are given: the system's for root, the user's otherwise.</summary>
/// <param name="StateDirectory">Releases and what was seen.</param>
/// <param name="RunDirectory">Control socket and mounts; empty at boot.</param>
/// <param name="ConfigurationPath">Configuration file; may be missing.</param>
public sealed record NodeDefaults(string StateDirectory, string RunDirectory, string ConfigurationPath)
{
    private const string SystemConfiguration = "/etc/stateless/node.json";

    /// <summary>Places for a user.</summary>
    /// <param name="isRoot">The system's places.</param>
    /// <param name="variable">Reads an environment variable.</param>
    /// <exception cref="ConfigurationException">Neither HOME nor the XDG variables say where a user's files are.</exception>
    public static NodeDefaults For(bool isRoot, Func<string, string?> variable)
    {
        if (isRoot)
            return new NodeDefaults("/var/lib/stateless", "/run/stateless", SystemConfiguration);
        var home = Absolute(variable("HOME"));
        var state = Absolute(variable("XDG_STATE_HOME")) ?? (home is null ? null : Path.Combine(home, ".local", "state"));
        if (state is null)
            throw new ConfigurationException("neither HOME nor XDG_STATE_HOME is set: give --state and --run");
        var stateDirectory = Path.Combine(state, "stateless");
        var runtime = Absolute(variable("XDG_RUNTIME_DIR"));
        return new NodeDefaults(
            stateDirectory,
            runtime is null ? Path.Combine(stateDirectory, "run") : Path.Combine(runtime, "stateless"),
            SystemConfiguration
        );
    }

    // the XDG base directory specification: a relative path is to be ignored
    private static string? Absolute(string? path) => path is { Length: > 0 } && path[0] == '/' ? path : null;
}
