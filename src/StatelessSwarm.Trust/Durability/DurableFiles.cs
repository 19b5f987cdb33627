using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace StatelessSwarm.Trust.Durability;

/// <summary>
/// The few file operations whose order makes a write survive a power cut: create, write, fsync, rename, fsync of the
/// directory. Everything in this room that must be durable goes through here, so that a test can cut the power at any one
/// of them.
/// </summary>
internal class DurableFiles
{
    /// <summary>Everyone may read, the owner may write.</summary>
    protected const UnixFileMode PlainMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>The file system as it is.</summary>
    public static DurableFiles Default { get; } = new();

    /// <summary>Creates a file that must not exist (O_EXCL).</summary>
    public virtual Stream CreateNew(string path, UnixFileMode mode = PlainMode)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = mode;
        return new FileStream(path, options);
    }

    /// <summary>fsync of a file that <see cref="CreateNew"/> opened.</summary>
    public virtual void Flush(Stream file) => ((FileStream)file).Flush(flushToDisk: true);

    /// <summary>mkdir(2) of one level.</summary>
    public virtual void CreateDirectory(string path) => Directory.CreateDirectory(path);

    /// <summary>rename(2) over whatever is there.</summary>
    public virtual void RenameFile(string source, string target) => File.Move(source, target, overwrite: true);

    /// <summary>rename(2) of a directory to a name that is free.</summary>
    public virtual void RenameDirectory(string source, string target) => Directory.Move(source, target);

    /// <summary>Removes a directory and what is in it.</summary>
    public virtual void DeleteDirectory(string path) => Directory.Delete(path, recursive: true);

    /// <summary>fsync of a directory: makes the names in it durable.</summary>
    /// <remarks>
    /// .NET opens no directories and this room makes no system calls of its own. An enumeration holds one open; its
    /// descriptor is found through /proc/self/fd by an entry it can see. A descriptor of another directory that happens to
    /// match is fsynced too, which costs time and nothing else.
    /// </remarks>
    public virtual void SyncDirectory(string path)
    {
        using var entries = Directory.EnumerateFileSystemEntries(path).GetEnumerator();
        if (!entries.MoveNext())
            return;
        var name = Path.GetFileName(entries.Current);
        var synced = false;
        Exception? refused = null;
        foreach (var link in Directory.GetFileSystemEntries("/proc/self/fd"))
        {
            if (!Path.Exists($"{link}/{name}"))
                continue;
            var number = int.Parse(Path.GetFileName(link), NumberStyles.None, CultureInfo.InvariantCulture);
            using var handle = new SafeFileHandle(number, ownsHandle: false);
            try
            {
                RandomAccess.FlushToDisk(handle);
                synced = true;
            }
            catch (IOException fault)
            {
                // Either ours, or one that another thread closed meanwhile: told apart by whether any succeeded.
                refused = fault;
            }
        }
        if (!synced)
            throw new IOException($"{path}: the directory could not be fsynced through /proc/self/fd.", refused);
    }

    /// <summary>Creates a directory and those above it as far as missing, each durable in its parent.</summary>
    public void EnsureDirectory(string path)
    {
        if (Directory.Exists(path))
            return;
        var parent = Path.GetDirectoryName(Path.GetFullPath(path));
        if (parent is null)
            return;
        EnsureDirectory(parent);
        CreateDirectory(path);
        SyncDirectory(parent);
    }

    /// <summary>
    /// Makes <paramref name="target"/> hold <paramref name="bytes"/>, now and after a power cut: a file
    /// <paramref name="temporary"/> (a free name on the same file system), fsync, rename, fsync of the directory. A reader
    /// sees the old or the new bytes.
    /// </summary>
    public void Replace(string target, string temporary, ReadOnlySpan<byte> bytes)
    {
        WriteNew(temporary, bytes);
        RenameFile(temporary, target);
        SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(target))!);
    }

    /// <summary>Creates a file that must not exist and fsyncs it; its name is not yet durable.</summary>
    public void WriteNew(string path, ReadOnlySpan<byte> bytes)
    {
        using var file = CreateNew(path);
        file.Write(bytes);
        Flush(file);
    }
}
