using StatelessSwarm.Cli.Exits;

namespace StatelessSwarm.Cli.Booting.Initramfs;

/// <summary>
/// The modules of an installed kernel (modules.dep(5)): <c>path: dependency ...</c> per line, relative to
/// <c>/lib/modules/VERSION</c>. Modules are asked for by name, '-' and '_' being one letter, or by directory.
/// </summary>
internal sealed class KernelModules
{
    private readonly Dictionary<string, (string Line, string[] Needs)> _modules = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _paths = new(StringComparer.Ordinal);
    private readonly HashSet<string> _builtIn;

    private KernelModules(string directory, IEnumerable<string> lines, IEnumerable<string> builtIn)
    {
        DirectoryPath = directory;
        foreach (var line in lines)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0)
                continue;
            var path = line[..colon];
            _modules[path] = (line, line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries));
            _paths[NameOf(path)] = path;
        }
        _builtIn = [.. builtIn.Select(NameOf)];
    }

    /// <summary>Directory of the kernel's modules.</summary>
    public string DirectoryPath { get; }

    /// <summary>Reads the modules of a kernel.</summary>
    /// <exception cref="CommandException">It is not installed here.</exception>
    public static KernelModules Read(string modulesDirectory, string version)
    {
        var directory = Path.Combine(modulesDirectory, version);
        var dependencies = Path.Combine(directory, "modules.dep");
        if (!File.Exists(dependencies))
            throw new CommandException(ExitCode.Nothing, $"{dependencies}: no such file; is kernel {version} installed? (uname -r, ls {modulesDirectory})");
        var builtIn = Path.Combine(directory, "modules.builtin");
        return new KernelModules(directory, File.ReadLines(dependencies), File.Exists(builtIn) ? File.ReadLines(builtIn) : []);
    }

    /// <summary>Paths of modules with all they need, and the names that neither are modules nor built in.</summary>
    /// <param name="names">Names: <c>virtio_net</c>.</param>
    /// <param name="folders">Directories, with all that is below: <c>kernel/drivers/net/ethernet</c>.</param>
    public (IReadOnlyList<string> Paths, IReadOnlyList<string> Missing) Select(IEnumerable<string> names, IEnumerable<string> folders)
    {
        var paths = new SortedSet<string>(StringComparer.Ordinal);
        var missing = new List<string>();
        foreach (var name in names)
        {
            if (_paths.TryGetValue(Normal(name), out var path))
                Add(path);
            else if (!_builtIn.Contains(Normal(name)))
                missing.Add(name);
        }
        foreach (var folder in folders)
        {
            foreach (var path in _modules.Keys.Where(path => path.StartsWith(folder + "/", StringComparison.Ordinal)))
                Add(path);
        }
        return ([.. paths], missing);

        void Add(string path)
        {
            if (!paths.Add(path) || !_modules.TryGetValue(path, out var module))
                return;
            foreach (var needed in module.Needs)
                Add(needed);
        }
    }

    /// <summary>The lines of modules.dep for some modules; compressed ones are named without their ending, as they are put in.</summary>
    public IEnumerable<string> DependencyLines(IEnumerable<string> paths) =>
        paths.Select(path => string.Join(' ', _modules[path].Line.Split(' ').Select(word => word.EndsWith(':') ? Plain(word[..^1]) + ":" : Plain(word))));

    /// <summary>Path of a module without the ending of a compressor.</summary>
    public static string Plain(string path) => path.EndsWith(".xz", StringComparison.Ordinal) ? path[..^3] : path.EndsWith(".zst", StringComparison.Ordinal) ? path[..^4] : path;

    private static string NameOf(string path)
    {
        var file = Path.GetFileName(path);
        return Normal(file[..Math.Max(0, file.IndexOf('.', StringComparison.Ordinal))]);
    }

    private static string Normal(string name) => name.Replace('-', '_');
}
