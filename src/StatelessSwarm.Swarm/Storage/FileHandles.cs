using Microsoft.Win32.SafeHandles;

namespace StatelessSwarm.Swarm.Storage;

/// <summary>
/// The open files of a torrent. A torrent of few files has all of them open; one of many (a torrent may have 65,536) has
/// <see cref="MostOpen"/>, and the one that was opened first and not used since gives way. Any number of threads may use it.
/// </summary>
internal sealed class FileHandles(IReadOnlyList<string> paths, FileAccess access, FileOptions hint) : IDisposable
{
    /// <summary>Files open at a time at most.</summary>
    public const int MostOpen = 256;

    private readonly SafeFileHandle?[] _handles = new SafeFileHandle?[paths.Count];
    private readonly bool[] _isUsed = new bool[paths.Count];
    private readonly Queue<int> _order = new();
    private readonly Lock _gate = new();
    private bool _isDisposed;

    /// <summary>The path of a file.</summary>
    public string PathOf(int file) => paths[file];

    /// <summary>A file for one read or write.</summary>
    /// <exception cref="IOException">It cannot be opened; names it.</exception>
    public Lease Take(int file)
    {
        if (paths.Count <= MostOpen && Volatile.Read(ref _handles[file]) is { } open)
            return new Lease(open, isCounted: false);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_handles[file] is not { } handle)
            {
                handle = File.OpenHandle(paths[file], FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete, hint);
                KeepLocked(file, handle);
            }
            _isUsed[file] = true;
            return new Lease(handle, isCounted: paths.Count > MostOpen);
        }
    }

    /// <summary>Takes over a file that has just been opened.</summary>
    public void Keep(int file, SafeFileHandle handle)
    {
        lock (_gate)
            KeepLocked(file, handle);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            foreach (var handle in _handles)
                handle?.Dispose();
        }
    }

    private void KeepLocked(int file, SafeFileHandle handle)
    {
        while (_order.Count >= MostOpen)
        {
            var oldest = _order.Dequeue();
            if (_isUsed[oldest])
            {
                _isUsed[oldest] = false;
                _order.Enqueue(oldest);
                continue;
            }
            // Whoever is reading holds a lease, which keeps the descriptor until it ends.
            _handles[oldest]!.Dispose();
            _handles[oldest] = null;
        }
        _order.Enqueue(file);
        Volatile.Write(ref _handles[file], handle);
    }

    /// <summary>The use of a file; to be disposed.</summary>
    public readonly ref struct Lease
    {
        private readonly bool _isCounted;

        /// <summary>Takes part in the handle's life when it may be closed meanwhile.</summary>
        public Lease(SafeFileHandle handle, bool isCounted)
        {
            Handle = handle;
            if (isCounted)
                handle.DangerousAddRef(ref _isCounted);
        }

        /// <summary>The open file.</summary>
        public SafeFileHandle Handle { get; }

        /// <summary>Ends the use.</summary>
        public void Dispose()
        {
            if (_isCounted)
                Handle.DangerousRelease();
        }
    }
}
