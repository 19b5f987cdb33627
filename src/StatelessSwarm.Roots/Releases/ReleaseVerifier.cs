using System.Buffers;
using Microsoft.Win32.SafeHandles;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Manifests;

namespace StatelessSwarm.Roots.Releases;

/// <summary>
/// Reads every file of a release once and compares length, SHA-256 and, for the image, the dm-verity root with the manifest.
/// At most <see cref="MaxFiles"/> files at a time; a file costs two buffers of <see cref="BufferBytes"/>, whatever its
/// length: one is read while the other is hashed, by two hashes side by side.
/// </summary>
internal static class ReleaseVerifier
{
    private const int MaxFiles = 2;

    /// <summary>1 MiB: a multiple of the verity block, large enough that the hand-over between tasks does not count.</summary>
    private const int BufferBytes = 1024 * 1024;

    /// <param name="release">The release.</param>
    /// <param name="makesTree">The image's dm-verity tree is written beside it, over what is there.</param>
    /// <param name="progress">Bytes checked so far.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="ContentException">A file is wrong; names it.</exception>
    /// <exception cref="IOException">A file cannot be read, or the tree not be written.</exception>
    internal static Task VerifyAsync(StoredRelease release, bool makesTree, IProgress<long>? progress, CancellationToken cancellation)
    {
        var checkedBytes = 0L;
        var options = new ParallelOptions { MaxDegreeOfParallelism = MaxFiles, CancellationToken = cancellation };
        return Parallel.ForEachAsync(
            release.Manifest.Files.OrderByDescending(file => file.Length),
            options,
            async (file, token) => await VerifyAsync(release, file, makesTree && file.Role == ReleaseFileRole.Root, Report, token)
        );

        void Report(long bytes)
        {
            var sum = Interlocked.Add(ref checkedBytes, bytes);
            progress?.Report(sum);
        }
    }

    private static async Task VerifyAsync(
        StoredRelease release,
        ReleaseFile file,
        bool makesTree,
        Action<long> report,
        CancellationToken cancellation
    )
    {
        using var handle = Open(release.PathOf(file), file.Name);
        var length = RandomAccess.GetLength(handle);
        if (length != file.Length)
            throw new ContentException($"{file.Name}: {length} bytes, expected {file.Length}");
        await using var tree = makesTree ? new FileStream(release.VerityTreePath, FileMode.Create, FileAccess.Write) : null;
        using var hash = new FileHash(file, release.Manifest.Verity, tree);
        var reading = ArrayPool<byte>.Shared.Rent(BufferBytes);
        var hashing = ArrayPool<byte>.Shared.Rent(BufferBytes);
        var next = Task.FromResult(0);
        try
        {
            next = ReadAsync(handle, reading, 0, file, cancellation);
            for (var at = 0L; at < length; )
            {
                var count = await next;
                (reading, hashing) = (hashing, reading);
                at += count;
                next = ReadAsync(handle, reading, at, file, cancellation);
                await hash.AppendAsync(hashing.AsMemory(0, count));
                report(count);
            }
            hash.Check();
        }
        finally
        {
            // The read ahead still writes into its buffer: it must end before the buffer is anybody else's.
            await next.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            ArrayPool<byte>.Shared.Return(reading);
            ArrayPool<byte>.Shared.Return(hashing);
        }
    }

    private static async Task<int> ReadAsync(
        SafeFileHandle handle,
        byte[] buffer,
        long offset,
        ReleaseFile file,
        CancellationToken cancellation
    )
    {
        var wanted = (int)Math.Min(BufferBytes, file.Length - offset);
        for (var read = 0; read < wanted; )
        {
            var count = await RandomAccess.ReadAsync(handle, buffer.AsMemory(read, wanted - read), offset + read, cancellation);
            if (count == 0)
                throw new ContentException($"{file.Name}: ends after {offset + read} bytes, expected {file.Length}");
            read += count;
        }
        return wanted;
    }

    private static SafeFileHandle Open(string path, string name)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        }
        catch (FileNotFoundException fault)
        {
            throw new ContentException($"{name}: missing", fault);
        }
    }
}
