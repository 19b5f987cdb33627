using Microsoft.Win32.SafeHandles;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Swarm.Storage;

/// <summary>
/// The files of a torrent, addressed by piece. Reads and writes are positional, so any number of threads may read while
/// one writes. Nothing is ever fsynced here: durability is a step of activation.
/// </summary>
internal sealed class PieceFiles : IDisposable
{
    private readonly TorrentInfo _info;
    private readonly SafeFileHandle[] _handles;

    private PieceFiles(TorrentInfo info, SafeFileHandle[] handles)
    {
        _info = info;
        _handles = handles;
    }

    /// <summary>Opens every file of the torrent.</summary>
    /// <param name="info">The torrent.</param>
    /// <param name="paths">Absolute path of each file.</param>
    /// <param name="isReadOnly">Open for reading; the files must be there with their full length.</param>
    /// <exception cref="IOException">Names the file: missing, of the wrong length, or no room to preallocate it.</exception>
    public static PieceFiles Open(TorrentInfo info, IReadOnlyList<string> paths, bool isReadOnly)
    {
        if (paths.Count != info.Files.Count)
        {
            throw new ArgumentException(
                $"The torrent has {info.Files.Count} files, {paths.Count} paths were given.",
                nameof(paths)
            );
        }
        var handles = new SafeFileHandle[paths.Count];
        try
        {
            for (var i = 0; i < paths.Count; i++)
            {
                handles[i] = isReadOnly
                    ? OpenComplete(paths[i], info.Files[i].Length)
                    : OpenPreallocated(paths[i], info.Files[i].Length);
            }
            return new PieceFiles(info, handles);
        }
        catch
        {
            foreach (var handle in handles)
                handle?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Reads a stretch of a piece; what lies behind the end of the piece's file is pad and reads as zeros (BEP 47).
    /// </summary>
    public void Read(BlockRange block, Span<byte> target)
    {
        var content = _info.ContentLength(block.Piece);
        var fromFile = Math.Clamp(content - block.Begin, 0, block.Length);
        target[fromFile..block.Length].Clear();
        if (fromFile == 0)
            return;
        var (file, offset) = _info.Locate(block.Piece);
        var remaining = target[..fromFile];
        var position = offset + block.Begin;
        while (remaining.Length > 0)
        {
            var read = RandomAccess.Read(_handles[file], remaining, position);
            if (read == 0)
                throw new EndOfStreamException($"{_info.Files[file].Path}: ends at byte {position}, the torrent says {_info.Files[file].Length}");
            remaining = remaining[read..];
            position += read;
        }
    }

    /// <summary>Writes a stretch of a piece that lies inside its file.</summary>
    public void Write(BlockRange block, ReadOnlySpan<byte> data)
    {
        var (file, offset) = _info.Locate(block.Piece);
        RandomAccess.Write(_handles[file], data, offset + block.Begin);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var handle in _handles)
            handle.Dispose();
    }

    private static SafeFileHandle OpenComplete(string path, long length)
    {
        var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.RandomAccess);
        var actual = RandomAccess.GetLength(handle);
        if (actual == length)
            return handle;
        handle.Dispose();
        throw new IOException($"{path}: has {actual} bytes, the torrent says {length}");
    }

    private static SafeFileHandle OpenPreallocated(string path, long length)
    {
        const FileShare share = FileShare.ReadWrite | FileShare.Delete;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        SafeFileHandle handle;
        try
        {
            // Preallocating at creation turns "disk full" into an error before the first byte is fetched.
            handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, share, FileOptions.RandomAccess, length);
        }
        catch (IOException) when (File.Exists(path))
        {
            handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, share, FileOptions.RandomAccess);
        }
        try
        {
            if (RandomAccess.GetLength(handle) != length)
                RandomAccess.SetLength(handle, length);
            return handle;
        }
        catch (IOException fault)
        {
            handle.Dispose();
            throw new IOException($"{path}: {length} bytes cannot be preallocated: {fault.Message}", fault);
        }
    }
}
