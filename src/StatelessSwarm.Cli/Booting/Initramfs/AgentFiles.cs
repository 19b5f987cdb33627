using StatelessSwarm.Cli.Exits;

namespace StatelessSwarm.Cli.Booting.Initramfs;

/// <summary>
/// Every file the agent needs to run where nothing else is installed: itself, the dynamic loader, the libraries it is linked with,
/// and those that .NET opens at run time and that no tool shows (OpenSSL, at the first hash).
/// </summary>
internal static class AgentFiles
{
    /// <summary>Opened by name at run time.</summary>
    private static readonly string[] OpenedLibraries = ["libssl.so.3", "libcrypto.so.3"];

    private static readonly string[] LibraryDirectories =
    [
        "/lib/x86_64-linux-gnu",
        "/usr/lib/x86_64-linux-gnu",
        "/lib/aarch64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/lib64",
        "/usr/lib64",
        "/lib",
        "/usr/lib",
    ];

    /// <summary>Absolute paths, the program first, and what is missing, by name.</summary>
    /// <param name="program">The agent's binary.</param>
    /// <exception cref="CommandException">The binary is no ELF file.</exception>
    public static (IReadOnlyList<string> Files, IReadOnlyList<string> Missing) Of(string program)
    {
        var files = new List<string> { program };
        var missing = new List<string>();
        var seen = new HashSet<string>();
        var waiting = new Queue<string>(OpenedLibraries);
        if (ElfFile.TryRead(File.ReadAllBytes(program)) is not { } agent)
            throw new CommandException(ExitCode.Failed, $"{program}: no 64-bit ELF program");
        if (agent.Interpreter is { } loader)
            AddFile(loader, loader);
        foreach (var library in agent.Needed)
            waiting.Enqueue(library);
        while (waiting.TryDequeue(out var library))
        {
            if (!seen.Add(library))
                continue;
            var path = LibraryDirectories.Select(directory => Path.Combine(directory, library)).FirstOrDefault(File.Exists);
            if (!AddFile(path, library))
                continue;
            foreach (var next in ElfFile.TryRead(File.ReadAllBytes(path!))?.Needed ?? [])
                waiting.Enqueue(next);
        }
        return (files, missing);

        bool AddFile(string? path, string name)
        {
            seen.Add(Path.GetFileName(name));
            if (path is null || !File.Exists(path))
            {
                missing.Add(name);
                return false;
            }
            files.Add(path);
            return true;
        }
    }

    /// <summary>The running program.</summary>
    /// <exception cref="CommandException">It runs by another program (dotnet), or its path is not known.</exception>
    public static string OwnPath =>
        Environment.ProcessPath is { } path && Path.GetFileName(path) is "stateless" or "@stateless"
            ? Environment.ProcessPath
            : throw new CommandException(ExitCode.Failed, "the path of this program is not known; name it by --agent");
}
