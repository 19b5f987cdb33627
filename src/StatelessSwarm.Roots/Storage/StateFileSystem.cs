using StatelessSwarm.Platform.Files;

namespace StatelessSwarm.Roots.Storage;

/// <summary>The real file system.</summary>
internal sealed class StateFileSystem : IStateFileSystem
{
    private const UnixFileMode ReadAll = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <inheritdoc/>
    public void CreateDirectory(string path) => Directory.CreateDirectory(path);

    /// <inheritdoc/>
    public void WriteFile(string path, ReadOnlySpan<byte> bytes)
    {
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        RandomAccess.Write(file, bytes, 0);
    }

    /// <inheritdoc/>
    public void Preallocate(string path, long length) => Preallocation.Reserve(path, length);

    /// <inheritdoc/>
    public void SetReadOnly(string path, bool isReadOnly) =>
        FileFacts.SetMode(path, isReadOnly ? ReadAll : ReadAll | UnixFileMode.UserWrite);

    /// <inheritdoc/>
    public void SyncData(string path) => Durable.SyncData(path);

    /// <inheritdoc/>
    public void SyncDirectory(string path) => Durable.SyncDirectory(path);

    /// <inheritdoc/>
    public void Rename(string source, string target) => AtomicRename.Replace(source, target);

    /// <inheritdoc/>
    public void Exchange(string first, string second) => AtomicRename.Exchange(first, second);

    /// <inheritdoc/>
    public void CreateLink(string text, string path) => SymbolicLink.Create(text, path);

    /// <inheritdoc/>
    public void Remove(string path) => File.Delete(path);

    /// <inheritdoc/>
    public void RemoveTree(string path)
    {
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
    }
}
