using StatelessSwarm.Roots.Storage;

namespace StatelessSwarm.Roots.Tests.Support;

/// <summary>The real file system, on which somebody else takes the room just before the first preallocation.</summary>
internal sealed class GreedyFileSystem(Action takeRoom) : IStateFileSystem
{
    private readonly StateFileSystem _real = new();
    private bool _isTaken;

    public void Preallocate(string path, long length)
    {
        if (!_isTaken)
            takeRoom();
        _isTaken = true;
        _real.Preallocate(path, length);
    }

    public void CreateDirectory(string path) => _real.CreateDirectory(path);

    public void WriteFile(string path, ReadOnlySpan<byte> bytes) => _real.WriteFile(path, bytes);

    public void SetReadOnly(string path, bool isReadOnly) => _real.SetReadOnly(path, isReadOnly);

    public void SyncData(string path) => _real.SyncData(path);

    public void SyncDirectory(string path) => _real.SyncDirectory(path);

    public void Rename(string source, string target) => _real.Rename(source, target);

    public void Exchange(string first, string second) => _real.Exchange(first, second);

    public void CreateLink(string text, string path) => _real.CreateLink(text, path);

    public void Remove(string path) => _real.Remove(path);

    public void RemoveTree(string path) => _real.RemoveTree(path);
}
