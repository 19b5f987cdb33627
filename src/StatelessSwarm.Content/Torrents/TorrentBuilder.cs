namespace StatelessSwarm.Content.Torrents;

/// <summary>
/// Makes torrents: one pass over the content computes SHA-1 pieces, Merkle trees, or both. Info dictionaries are byte-equal to those of
/// libtorrent's <c>create_torrent</c> for files in this order, and with its flag <c>canonical_files_no_tail_padding</c> where there
/// are pad files.
/// </summary>
public static partial class TorrentBuilder
{
    /// <summary>Largest piece length made here: 16 MiB.</summary>
    public const int MaxPieceLength = 16 * 1024 * 1024;

    /// <summary>Builds the bencoded .torrent file; deterministic for equal input.</summary>
    /// <param name="options">Kind, name, piece length, trackers.</param>
    /// <param name="files">At least one; sorted by path here, as BEP 52's file tree demands.</param>
    /// <param name="progress">Told the bytes hashed so far, at most once per MiB; or null.</param>
    /// <param name="cancellation">Stops between reads.</param>
    /// <exception cref="ContentException">A path is not allowed, twice there, or a stream is shorter or longer than said.</exception>
    public static async Task<byte[]> BuildAsync(
        TorrentBuildOptions options,
        IReadOnlyList<TorrentBuildFile> files,
        IProgress<long>? progress,
        CancellationToken cancellation
    )
    {
        var sorted = Sort(options, files);
        var total = sorted.Sum(entry => entry.File.Length);
        var pieceLength = ChoosePieceLength(options.PieceLength, total);
        var lastWithContent = sorted.FindLastIndex(entry => entry.File.Length > 0);
        if (lastWithContent < 0)
            throw new ContentException("torrent: expected at least one byte of content");
        var hasPads = options.Kind == TorrentKind.Hybrid || (options.Kind == TorrentKind.V1 && options.PadsFiles);
        using var hasher = new ContentHasher(options.Kind, pieceLength, sorted.Max(entry => entry.File.Length), progress);
        var hashed = new List<HashedFile>(sorted.Count);
        for (var i = 0; i < sorted.Count; i++)
        {
            var (segments, file) = sorted[i];
            hashed.Add(await hasher.HashAsync(segments, file, hasPads && i < lastWithContent, cancellation));
        }
        return Encode(options, hashed, pieceLength, hasPads, hasher.FinishV1());
    }

    /// <summary>As <see cref="BuildAsync"/>, always a hybrid torrent: what a release is.</summary>
    public static Task<byte[]> BuildHybridAsync(
        TorrentBuildOptions options,
        IReadOnlyList<TorrentBuildFile> files,
        IProgress<long>? progress,
        CancellationToken cancellation
    ) => BuildAsync(options with { Kind = TorrentKind.Hybrid }, files, progress, cancellation);

    /// <summary>The piece length that <see cref="TorrentBuildOptions.PieceLength"/> 0 stands for.</summary>
    public static int DefaultPieceLength(long contentBytes)
    {
        var length = 256 * 1024;
        for (var limit = 1L << 30; length < 4 * 1024 * 1024 && contentBytes > limit; limit *= 2)
            length *= 2;
        return length;
    }

    private static int ChoosePieceLength(int wanted, long total)
    {
        if (wanted == 0)
            wanted = DefaultPieceLength(total);
        if (wanted is < TorrentInfo.MinPieceLength or > MaxPieceLength || !int.IsPow2(wanted))
            throw new ContentException(
                $"torrent: piece length: expected a power of two from {TorrentInfo.MinPieceLength} to {MaxPieceLength}"
            );
        return wanted;
    }

    private static List<(string[] Segments, TorrentBuildFile File)> Sort(
        TorrentBuildOptions options,
        IReadOnlyList<TorrentBuildFile> files
    )
    {
        if (!TorrentPath.IsSegment(options.Name))
            throw new ContentException("torrent: name: expected one path segment");
        if (files.Count is 0 or > TorrentInfo.MaxFiles)
            throw new ContentException($"torrent: expected 1 to {TorrentInfo.MaxFiles} files");
        CheckText(options.Comment, "comment");
        CheckText(options.CreatedBy, "created by");
        var sorted = new List<(string[] Segments, TorrentBuildFile File)>(files.Count);
        foreach (var file in files)
        {
            if (!TorrentPath.TrySplit(file.Path, out var segments))
                throw new ContentException($"torrent: path '{Shown(file.Path)}': expected a relative path without '.' or '..'");
            if (file.Length is < 0 or > TorrentInfo.MaxContentBytes)
                throw new ContentException($"torrent: {file.Path}: expected 0 to {TorrentInfo.MaxContentBytes} bytes");
            sorted.Add((segments, file));
        }
        sorted.Sort((left, right) => ComparePaths(left.Segments, right.Segments));
        for (var i = 1; i < sorted.Count; i++)
        {
            var (above, below) = (sorted[i - 1].Segments, sorted[i].Segments);
            if (above.Length <= below.Length && above.AsSpan().SequenceEqual(below.AsSpan(0, above.Length)))
                throw new ContentException($"torrent: {sorted[i - 1].File.Path}: expected every path once, as a file or a directory");
        }
        return sorted;
    }

    private static void CheckText(string? text, string field)
    {
        if (text is null)
            return;
        if (text.Length == 0 || text.Any(char.IsControl) || System.Text.Encoding.UTF8.GetByteCount(text) > Metainfo.MaxTextBytes)
            throw new ContentException($"torrent: {field}: expected 1 to {Metainfo.MaxTextBytes} bytes without control characters");
    }

    // The order of the keys in nested bencoded dictionaries: segment by segment, as bytes.
    private static int ComparePaths(string[] left, string[] right)
    {
        for (var i = 0; i < left.Length && i < right.Length; i++)
        {
            var order = CompareUtf8(left[i], right[i]);
            if (order != 0)
                return order;
        }
        return left.Length.CompareTo(right.Length);
    }

    private static int CompareUtf8(string left, string right)
    {
        Span<byte> leftBytes = stackalloc byte[TorrentPath.MaxSegmentBytes];
        Span<byte> rightBytes = stackalloc byte[TorrentPath.MaxSegmentBytes];
        var leftLength = System.Text.Encoding.UTF8.GetBytes(left, leftBytes);
        var rightLength = System.Text.Encoding.UTF8.GetBytes(right, rightBytes);
        return leftBytes[..leftLength].SequenceCompareTo(rightBytes[..rightLength]);
    }

    private static string Shown(string path)
    {
        var shown = path.Length <= 80 ? path : path[..80] + "...";
        return string.Concat(shown.Select(character => char.IsControl(character) ? '?' : character));
    }
}
