using Microsoft.Win32.SafeHandles;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Swarm.Storage;

/// <summary>
/// The files of a torrent, addressed by piece. In v1-only torrents a piece may span files; pad bytes (BEP 47) between and behind
/// files read as zeros and are never stored. Reads and writes are positional, so any number of threads may read while
/// one writes. Nothing is ever fsynced here: durability is a step of activation.
/// </summary>
internal sealed class PieceFiles : IDisposable
{
    private const FileShare Share = FileShare.ReadWrite | FileShare.Delete;

    private readonly TorrentInfo _info;
    private readonly FileHandles _handles;

    private PieceFiles(TorrentInfo info, FileHandles handles)
    {
        _info = info;
        _handles = handles;
    }

    /// <summary>A file with bytes was there before.</summary>
    public bool HadContent { get; private set; }

    /// <summary>Opens every file of the torrent.</summary>
    /// <param name="info">The torrent.</param>
    /// <param name="paths">Absolute path of each file.</param>
    /// <param name="isReadOnly">Open for reading; the files must be there with their full length.</param>
    /// <exception cref="IOException">Names the file: missing, of the wrong length, or no room to preallocate it.</exception>
    public static PieceFiles Open(TorrentInfo info, IReadOnlyList<string> paths, bool isReadOnly)
    {
        var files = Create(info, paths, isReadOnly ? FileAccess.Read : FileAccess.ReadWrite, FileOptions.RandomAccess);
        try
        {
            for (var i = 0; i < paths.Count; i++)
            {
                var handle = isReadOnly ? OpenComplete(paths[i], info.Files[i].Length) : files.OpenPreallocated(paths[i], info.Files[i]);
                files._handles.Keep(i, handle);
            }
            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>For reading, in order, what is there; files may be missing or of any length. See <see cref="TryRead"/>.</summary>
    public static PieceFiles OpenAsTheyAre(TorrentInfo info, IReadOnlyList<string> paths) =>
        Create(info, paths, FileAccess.Read, FileOptions.SequentialScan);

    /// <summary>Reads a stretch of a piece.</summary>
    /// <exception cref="IOException">A file ends before, or fails; names it.</exception>
    public void Read(BlockRange block, Span<byte> target)
    {
        foreach (var span in _info.SpansOf(block))
        {
            if (ReadSpan(span, target[..span.Length]) is var read && read < span.Length)
            {
                throw new EndOfStreamException(
                    $"{_handles.PathOf(span.FileIndex)}: ends at byte {span.FileOffset + read}, the torrent says {_info.Files[span.FileIndex].Length}"
                );
            }
            target = target[span.Length..];
        }
    }

    /// <summary>Reads a stretch of a piece; false when a file is missing, ends before, or cannot be read.</summary>
    public bool TryRead(BlockRange block, Span<byte> target)
    {
        foreach (var span in _info.SpansOf(block))
        {
            try
            {
                if (ReadSpan(span, target[..span.Length]) < span.Length)
                    return false;
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                return false;
            }
            target = target[span.Length..];
        }
        return true;
    }

    /// <summary>Writes a stretch of a piece; what is pad is let go.</summary>
    public void Write(BlockRange block, ReadOnlySpan<byte> data)
    {
        foreach (var span in _info.SpansOf(block))
        {
            if (!span.IsPad)
            {
                using var file = _handles.Take(span.FileIndex);
                RandomAccess.Write(file.Handle, data[..span.Length], span.FileOffset);
            }
            data = data[span.Length..];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _handles.Dispose();

    private static PieceFiles Create(TorrentInfo info, IReadOnlyList<string> paths, FileAccess access, FileOptions hint)
    {
        if (paths.Count != info.Files.Count)
        {
            throw new ArgumentException(
                $"The torrent has {info.Files.Count} files, {paths.Count} paths were given.",
                nameof(paths)
            );
        }
        return new PieceFiles(info, new FileHandles(paths, access, hint));
    }

    private int ReadSpan(FileSpan span, Span<byte> target)
    {
        if (span.IsPad)
        {
            target.Clear();
            return target.Length;
        }
        using var file = _handles.Take(span.FileIndex);
        var filled = 0;
        while (filled < target.Length)
        {
            var read = RandomAccess.Read(file.Handle, target[filled..], span.FileOffset + filled);
            if (read == 0)
                break;
            filled += read;
        }
        return filled;
    }

    private static SafeFileHandle OpenComplete(string path, long length)
    {
        var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, Share, FileOptions.RandomAccess);
        var actual = RandomAccess.GetLength(handle);
        if (actual == length)
            return handle;
        handle.Dispose();
        throw new IOException($"{path}: has {actual} bytes, the torrent says {length}");
    }

    private SafeFileHandle OpenPreallocated(string path, TorrentFile file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        SafeFileHandle handle;
        try
        {
            // Preallocating at creation turns "disk full" into an error before the first byte is fetched.
            handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, Share, FileOptions.RandomAccess, file.Length);
        }
        catch (IOException) when (File.Exists(path))
        {
            handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, Share, FileOptions.RandomAccess);
            HadContent |= RandomAccess.GetLength(handle) > 0;
        }
        try
        {
            if (RandomAccess.GetLength(handle) != file.Length)
                RandomAccess.SetLength(handle, file.Length);
            if (file.IsExecutable && !OperatingSystem.IsWindows())
                MakeExecutable(handle);
            return handle;
        }
        catch (IOException fault)
        {
            handle.Dispose();
            throw new IOException($"{path}: {file.Length} bytes cannot be preallocated: {fault.Message}", fault);
        }
    }

    // Whoever may read it may run it.
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private static void MakeExecutable(SafeFileHandle handle)
    {
        var mode = File.GetUnixFileMode(handle);
        if (mode.HasFlag(UnixFileMode.UserRead))
            mode |= UnixFileMode.UserExecute;
        if (mode.HasFlag(UnixFileMode.GroupRead))
            mode |= UnixFileMode.GroupExecute;
        if (mode.HasFlag(UnixFileMode.OtherRead))
            mode |= UnixFileMode.OtherExecute;
        File.SetUnixFileMode(handle, mode);
    }
}
