using Microsoft.Win32.SafeHandles;
using StatelessSwarm.Platform.Errors;

namespace StatelessSwarm.Platform.Files;

/// <summary>
/// flock(2) on a lock file: one holder at a time, among processes and among threads. The kernel lets go when the holder
/// dies. The file stays; removing it would let two holders in.
/// </summary>
public sealed class FileLock : IDisposable
{
    private const int Exclusive = 2;
    private const int NonBlocking = 4;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private readonly SafeFileHandle _file;

    private FileLock(SafeFileHandle file) => _file = file;

    /// <summary>Takes the lock; null when another holds it.</summary>
    /// <exception cref="PlatformException">The lock file cannot be opened or locked.</exception>
    public static FileLock? TryTake(string path)
    {
        var file = LibC.Open(path, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.CloseOnExec, 0x1a4);
        if (file.IsInvalid)
        {
            var failure = PlatformException.Last("open", path);
            file.Dispose();
            throw failure;
        }
        while (LibC.FLock(file, Exclusive | NonBlocking) != 0)
        {
            var failure = PlatformException.Last("flock", path);
            if (failure.Error == Errno.EINTR)
                continue;
            file.Dispose();
            return failure.Error == Errno.EAGAIN ? null : throw failure;
        }
        return new FileLock(file);
    }

    /// <summary>Takes the lock, waiting at most <paramref name="patience"/> for the other holder.</summary>
    /// <exception cref="IOException">It did not let go, or the lock file cannot be opened or locked.</exception>
    public static FileLock Take(string path, TimeSpan patience, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        var start = time.GetTimestamp();
        using var never = new ManualResetEventSlim();
        while (true)
        {
            if (TryTake(path) is { } taken)
                return taken;
            if (time.GetElapsedTime(start) >= patience)
                throw new IOException($"{path}: held by another process for more than {patience.TotalSeconds:0.#} s");
            never.Wait(Pause);
        }
    }

    /// <summary>Lets go.</summary>
    public void Dispose() => _file.Dispose();
}
