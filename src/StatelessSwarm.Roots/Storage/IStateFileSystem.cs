namespace StatelessSwarm.Roots.Storage;

/// <summary>
/// Every step that changes the state directory, one member per system call that matters after a power cut, so that tests can
/// stop the world after each of them. Nothing is durable before the matching sync member returns.
/// </summary>
internal interface IStateFileSystem
{
    /// <summary>Makes a directory; fine when it is there.</summary>
    void CreateDirectory(string path);

    /// <summary>Writes a whole new file, or over an old one. Not atomic: callers write a temporary name and rename.</summary>
    void WriteFile(string path, ReadOnlySpan<byte> bytes);

    /// <summary>Gives a file its length and its blocks.</summary>
    void Preallocate(string path, long length);

    /// <summary>Mode 0444, or 0644.</summary>
    void SetReadOnly(string path, bool isReadOnly);

    /// <summary>fdatasync.</summary>
    void SyncData(string path);

    /// <summary>fsync of a directory: its names are durable.</summary>
    void SyncDirectory(string path);

    /// <summary>Renames over what has the name.</summary>
    void Rename(string source, string target);

    /// <summary>Exchanges two names.</summary>
    void Exchange(string first, string second);

    /// <summary>Makes a symbolic link.</summary>
    void CreateLink(string text, string path);

    /// <summary>Removes a file or link; fine when nothing is there.</summary>
    void Remove(string path);

    /// <summary>Removes a directory and all below it; fine when nothing is there.</summary>
    void RemoveTree(string path);
}
