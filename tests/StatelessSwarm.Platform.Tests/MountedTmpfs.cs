using StatelessSwarm.Platform.Mounts;

namespace StatelessSwarm.Platform.Tests;

/// <summary>A tmpfs of a given size for tests of full disks.</summary>
internal sealed class MountedTmpfs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public MountedTmpfs(string options)
    {
        RootRights.Require();
        FileSystemMount.Mount("test", _directory.Path, "tmpfs", MountFlags.None, options);
    }

    public string Path => _directory.Path;

    public string this[string name] => _directory[name];

    public void Dispose()
    {
        FileSystemMount.Unmount(_directory.Path, isLazy: true);
        _directory.Dispose();
    }
}
