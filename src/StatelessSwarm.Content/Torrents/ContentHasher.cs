using StatelessSwarm.Content.Merkle;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Torrents;

/// <summary>Reads the files of a torrent in the making once, and hashes them the ways its kind needs.</summary>
internal sealed class ContentHasher : IDisposable
{
    // Long enough that hashing both ways at once pays on two cores.
    private const int MinBatch = 4 * 1024 * 1024;
    private const int ProgressStep = 1024 * 1024;

    private readonly int _pieceLength;
    private readonly bool _hasV2;
    private readonly V1PieceHasher? _v1;
    private readonly IProgress<long>? _progress;
    private readonly byte[] _front;
    private readonly byte[] _back;
    private long _hashed;
    private long _told;

    /// <param name="kind">Which hashes.</param>
    /// <param name="pieceLength">Bytes per piece.</param>
    /// <param name="longest">Length of the longest file.</param>
    /// <param name="progress">Told the bytes hashed so far, at most once per MiB and at the end of a file; or null.</param>
    public ContentHasher(TorrentKind kind, int pieceLength, long longest, IProgress<long>? progress)
    {
        _pieceLength = pieceLength;
        _hasV2 = kind != TorrentKind.V1;
        _v1 = kind == TorrentKind.V2 ? null : new V1PieceHasher(pieceLength);
        _progress = progress;
        var batch = (int)Math.Min(Math.Max(pieceLength, MinBatch), TorrentInfo.DivideUp(longest, pieceLength) * pieceLength);
        _front = new byte[batch];
        _back = new byte[batch];
    }

    /// <summary>Reads and hashes the next file.</summary>
    /// <param name="segments">Its path.</param>
    /// <param name="file">The file.</param>
    /// <param name="isPadded">v1 pieces go on with zeros up to the end of the piece.</param>
    /// <param name="cancellation">Stops between reads.</param>
    public async Task<HashedFile> HashAsync(
        string[] segments,
        TorrentBuildFile file,
        bool isPadded,
        CancellationToken cancellation
    )
    {
        var tree = _hasV2 ? new MerkleBuilder(int.Log2(_pieceLength / BlockRange.BlockSize)) : null;
        var (current, other) = (_front, _back);
        long read = 0;
        var count = await ReadAsync(file, current, read, cancellation);
        while (count > 0)
        {
            read += count;
            // The next stretch comes from the disk while this one is hashed.
            var next = ReadAsync(file, other, read, cancellation);
            Hash(tree, current.AsMemory(0, count));
            Tell(count, read == file.Length);
            count = await next;
            (current, other) = (other, current);
        }
        if (isPadded)
            _v1?.Pad();
        var root = tree?.Finish() ?? default;
        var layer = new byte[(tree?.Layer.Count ?? 0) * Sha256Digest.Size];
        for (var i = 0; i * Sha256Digest.Size < layer.Length; i++)
            tree!.Layer[i].CopyTo(layer.AsSpan(i * Sha256Digest.Size));
        return new HashedFile(segments, file.Length, file.IsExecutable, root, layer);
    }

    /// <summary>The SHA-1 of every piece; nothing for v2-only.</summary>
    public ReadOnlySpan<byte> FinishV1() => _v1 is null ? default : _v1.Finish();

    /// <inheritdoc/>
    public void Dispose() => _v1?.Dispose();

    private static async Task<int> ReadAsync(
        TorrentBuildFile file,
        byte[] buffer,
        long alreadyRead,
        CancellationToken cancellation
    )
    {
        cancellation.ThrowIfCancellationRequested();
        var due = (int)Math.Min(buffer.Length, file.Length - alreadyRead);
        var count = await file.Content.ReadAtLeastAsync(
            buffer.AsMemory(0, due),
            due,
            throwOnEndOfStream: false,
            cancellation
        );
        if (count < due)
            throw new ContentException(
                $"torrent: {file.Path}: expected {file.Length} bytes, the stream ends after {alreadyRead + count}"
            );
        if (due == 0 && await file.Content.ReadAsync(buffer.AsMemory(0, 1), cancellation) != 0)
            throw new ContentException($"torrent: {file.Path}: expected {file.Length} bytes, the stream goes on");
        return count;
    }

    private void Hash(MerkleBuilder? tree, ReadOnlyMemory<byte> bytes)
    {
        if (tree is not null && _v1 is { } v1 && bytes.Length >= MinBatch / 4)
        {
            Parallel.Invoke(() => v1.Append(bytes.Span), () => tree.Append(bytes.Span));
            return;
        }
        _v1?.Append(bytes.Span);
        tree?.Append(bytes.Span);
    }

    private void Tell(int count, bool fileEnds)
    {
        _hashed += count;
        if (_progress is null || (_hashed - _told < ProgressStep && !fileEnds))
            return;
        _told = _hashed;
        _progress.Report(_hashed);
    }
}
