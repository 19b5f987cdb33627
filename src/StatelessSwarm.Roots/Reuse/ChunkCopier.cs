using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using StatelessSwarm.Content.Chunks;
using StatelessSwarm.Platform.Files;

namespace StatelessSwarm.Roots.Reuse;

/// <summary>
/// Puts what images at hand have of a new image where it belongs. Every chunk is read and hashed before it is written, on all cores; where
/// the file system can (XFS, Btrfs) and the offsets allow, blocks are shared instead of written. The target must have its full length.
/// </summary>
public static class ChunkCopier
{
    /// <summary>Bytes read at a time: 1 MiB and a chunk at most.</summary>
    private const int StepBytes = 1024 * 1024;

    /// <summary>Shorter stretches are not worth an ioctl each, and fragment the file: 64 KiB.</summary>
    private const int LeastShared = 64 * 1024;

    /// <summary>Copies.</summary>
    /// <param name="target">Path of the new image.</param>
    /// <param name="wanted">Its chunk map.</param>
    /// <param name="held">Images at hand; the first that has a chunk is read.</param>
    /// <param name="mayWrite">Whether a stretch (offset, length) of the new image may be written; others are left out.</param>
    /// <param name="progress">Told the bytes put in place so far; from any thread.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <exception cref="IOException">The target cannot be written. An image at hand that cannot be read only counts as rotten.</exception>
    public static async Task<ReusedBytes> CopyAsync(
        string target,
        ChunkMap wanted,
        IReadOnlyList<HeldImage> held,
        Func<long, long, bool> mayWrite,
        IProgress<long>? progress,
        CancellationToken cancellation
    )
    {
        ArgumentNullException.ThrowIfNull(mayWrite);
        var plan = ReusePlan.Make(wanted, [.. held.Select(image => image.Map)]);
        if (plan.Copies.Count == 0)
            return ReusedBytes.None;
        using var targetFile = File.OpenHandle(
            target,
            FileMode.Open,
            FileAccess.Write,
            FileShare.ReadWrite | FileShare.Delete,
            FileOptions.RandomAccess
        );
        var sources = held.Select(TryOpen).ToArray();
        try
        {
            var run = new Run(wanted, targetFile, sources, mayWrite, progress);
            var options = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellation };
            // By their place in the sources, so that disks read in order.
            var steps = Steps(plan).OrderBy(step => step.Source).ThenBy(step => step.SourceOffset);
            await Parallel.ForEachAsync(steps, options, (step, token) => new ValueTask(Task.Run(() => run.Copy(step, token), token)));
            return run.Result();
        }
        finally
        {
            foreach (var source in sources)
                source?.Dispose();
        }
    }

    /// <summary>Copies of about <see cref="StepBytes"/>, cut between chunks.</summary>
    private static IEnumerable<ChunkCopy> Steps(ReusePlan plan)
    {
        foreach (var copy in plan.Copies)
        {
            if (copy.Length <= StepBytes)
            {
                yield return copy;
                continue;
            }
            foreach (var step in plan.Split(copy, StepBytes))
                yield return step;
        }
    }

    private static SafeFileHandle? TryOpen(HeldImage image)
    {
        try
        {
            return File.OpenHandle(image.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.RandomAccess);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private sealed class Run(
        ChunkMap wanted,
        SafeFileHandle target,
        SafeFileHandle?[] sources,
        Func<long, long, bool> mayWrite,
        IProgress<long>? progress
    )
    {
        private readonly ConcurrentBag<byte[]> _buffers = [];
        private readonly ConcurrentBag<ByteStretch> _done = [];
        private long _bytes;
        private long _shared;
        private int _rotten;
        private volatile bool _canShare = true;

        public void Copy(ChunkCopy step, CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!_buffers.TryTake(out var buffer))
                buffer = GC.AllocateUninitializedArray<byte>(StepBytes + GearChunker.MaxBytes);
            var bytes = buffer.AsSpan(0, checked((int)step.Length));
            if (sources[step.Source] is { } source && TryRead(source, step.SourceOffset, bytes))
                CopyChecked(step, source, bytes);
            else
                Interlocked.Add(ref _rotten, step.ChunkCount);
            _buffers.Add(buffer);
        }

        public ReusedBytes Result()
        {
            var merged = new List<ByteStretch>();
            foreach (var stretch in _done.OrderBy(stretch => stretch.Offset))
            {
                if (merged.Count > 0 && merged[^1] is var last && last.Offset + last.Length == stretch.Offset)
                    merged[^1] = last with { Length = last.Length + stretch.Length };
                else
                    merged.Add(stretch);
            }
            return new ReusedBytes(merged, _bytes, _shared, _rotten);
        }

        /// <summary>Writes the runs of chunks that are what the new image's map says.</summary>
        private void CopyChecked(ChunkCopy step, SafeFileHandle source, ReadOnlySpan<byte> bytes)
        {
            var from = 0;
            var to = 0;
            for (var place = 0; place < step.ChunkCount; place++)
            {
                var chunk = wanted.Chunks[step.FirstChunk + place];
                var mayWriteIt = mayWrite(chunk.Offset, chunk.Length);
                if (mayWriteIt && Chunk.HashOf(bytes.Slice(to, chunk.Length)) == chunk.Hash)
                {
                    to += chunk.Length;
                    continue;
                }
                if (mayWriteIt)
                    Interlocked.Increment(ref _rotten);
                Write(step, source, bytes, from, to);
                to += chunk.Length;
                from = to;
            }
            Write(step, source, bytes, from, to);
        }

        private void Write(ChunkCopy step, SafeFileHandle source, ReadOnlySpan<byte> bytes, int from, int to)
        {
            if (from == to)
                return;
            var offset = step.Offset + from;
            if (Share(step, source, from, to, out var sharedFrom, out var sharedTo))
            {
                RandomAccess.Write(target, bytes[from..sharedFrom], offset);
                RandomAccess.Write(target, bytes[sharedTo..to], step.Offset + sharedTo);
            }
            else
            {
                RandomAccess.Write(target, bytes[from..to], offset);
            }
            _done.Add(new ByteStretch(offset, to - from));
            var bytesSoFar = Interlocked.Add(ref _bytes, to - from);
            progress?.Report(bytesSoFar);
        }

        /// <summary>Shares whole blocks in the middle of a stretch that lies alike in both images.</summary>
        private bool Share(ChunkCopy step, SafeFileHandle source, int from, int to, out int sharedFrom, out int sharedTo)
        {
            sharedFrom = from + (int)(-(step.Offset + from) & (Reflink.Alignment - 1));
            sharedTo = to - (int)((step.Offset + to) & (Reflink.Alignment - 1));
            if (!_canShare || (step.Offset - step.SourceOffset) % Reflink.Alignment != 0 || sharedTo - sharedFrom < LeastShared)
                return false;
            var length = sharedTo - sharedFrom;
            if (!Reflink.TryClone(source, step.SourceOffset + sharedFrom, target, step.Offset + sharedFrom, length))
            {
                _canShare = false;
                return false;
            }
            Interlocked.Add(ref _shared, length);
            return true;
        }

        private static bool TryRead(SafeFileHandle source, long offset, Span<byte> bytes)
        {
            try
            {
                while (!bytes.IsEmpty)
                {
                    var read = RandomAccess.Read(source, bytes, offset);
                    if (read == 0)
                        return false;
                    bytes = bytes[read..];
                    offset += read;
                }
                return true;
            }
            catch (IOException)
            {
                return false;
            }
        }
    }
}
