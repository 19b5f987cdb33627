namespace StatelessSwarm.Roots.Tests.Support;

/// <summary>A directory below the system's temporary one, gone with all its content at the end.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; }

    public TemporaryDirectory()
        : this(Directory.CreateTempSubdirectory("stateless-roots-").FullName) { }

    private TemporaryDirectory(string path) => Path = path;

    /// <summary>On a tmpfs, for tests that do thousands of fsyncs and look only at names.</summary>
    public static TemporaryDirectory InMemory()
    {
        if (!Directory.Exists("/dev/shm"))
            return new TemporaryDirectory();
        var path = $"/dev/shm/stateless-roots-{Guid.NewGuid():n}";
        return new TemporaryDirectory(Directory.CreateDirectory(path).FullName);
    }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
