using System.Runtime.InteropServices;
using System.Security.Cryptography;
using StatelessSwarm.Content.Bencoding;
using StatelessSwarm.Content.Merkle;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Torrents;

/// <summary>Makes hybrid (v1 + v2) torrents: one pass over the content computes SHA-1 pieces and the Merkle trees.</summary>
public static partial class TorrentBuilder
{
    /// <summary>Largest piece length made here: 16 MiB.</summary>
    public const int MaxPieceLength = 16 * 1024 * 1024;

    private const int MinBatch = 4 * 1024 * 1024;
    private const int ProgressStep = 1024 * 1024;

    /// <summary>Builds the bencoded .torrent file; deterministic for equal input.</summary>
    /// <param name="options">Name, piece length, trackers.</param>
    /// <param name="files">At least one; sorted by path here, as BEP 52's file tree demands.</param>
    /// <param name="progress">Told the bytes hashed so far, at most once per MiB; or null.</param>
    /// <param name="cancellation">Stops between reads.</param>
    /// <exception cref="ContentException">A path is not allowed, twice there, or a stream is shorter or longer than said.</exception>
    public static async Task<byte[]> BuildHybridAsync(
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
        // Whole pieces, about 4 MiB of them: long enough that hashing both ways at once pays on two cores.
        var longest = sorted.Max(entry => entry.File.Length);
        var batch = Math.Min(Math.Max(pieceLength, MinBatch), TorrentInfo.DivideUp(longest, pieceLength) * pieceLength);
        var hasher = new ContentHasher(pieceLength, (int)batch, progress);
        var hashed = new List<HashedFile>(sorted.Count);
        for (var i = 0; i < sorted.Count; i++)
        {
            var (segments, file) = sorted[i];
            hashed.Add(await hasher.HashAsync(segments, file, padded: i < lastWithContent, cancellation));
        }
        return Encode(options, hashed, pieceLength, hasher.V1Pieces);
    }

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

    private static byte[] Encode(
        TorrentBuildOptions options,
        List<HashedFile> files,
        int pieceLength,
        ReadOnlySpan<byte> v1Pieces
    )
    {
        var writer = new BencodeWriter();
        writer.StartDictionary();
        writer.WriteKey("file tree"u8);
        WriteTree(writer, CollectionsMarshal.AsSpan(files), depth: 0);
        // A v2 file tree with one file called like the torrent says "single file": v1 has to say the same.
        if (files.Count == 1 && files[0].Segments.Length == 1 && files[0].Segments[0] == options.Name)
        {
            writer.WriteEntry("length"u8, files[0].Length);
        }
        else
        {
            writer.WriteKey("files"u8);
            WriteV1Files(writer, files, pieceLength);
        }
        writer.WriteEntry("meta version"u8, 2);
        writer.WriteEntry("name"u8, options.Name);
        writer.WriteEntry("piece length"u8, pieceLength);
        writer.WriteEntry("pieces"u8, v1Pieces);
        writer.End();

        // Read back what was written: the same rules, limits and hashes as any other torrent's.
        var info = TorrentInfo.Parse(writer.ToArray());
        var layers = new Dictionary<Sha256Digest, ReadOnlyMemory<byte>>();
        foreach (var file in files)
            layers[file.Root] = file.Layer;
        var metainfo = Metainfo.Create(
            info,
            PieceLayers.Create(info, layers),
            [.. options.Trackers.Select(url => (IReadOnlyList<string>)[url])],
            options.WebSeeds
        );
        var encoded = metainfo.Encode(options.CreationUnixSeconds);
        return encoded.Length <= Metainfo.MaxBytes
            ? encoded
            : throw new ContentException($"torrent: expected at most {Metainfo.MaxBytes} bytes of metainfo: use larger pieces");
    }

    private static void WriteTree(BencodeWriter writer, ReadOnlySpan<HashedFile> files, int depth)
    {
        writer.StartDictionary();
        while (!files.IsEmpty)
        {
            var name = files[0].Segments[depth];
            var count = 1;
            while (count < files.Length && files[count].Segments[depth] == name)
                count++;
            writer.WriteKey(System.Text.Encoding.UTF8.GetBytes(name));
            if (files[0].Segments.Length == depth + 1)
            {
                writer.StartDictionary();
                writer.WriteKey(""u8);
                writer.StartDictionary();
                writer.WriteEntry("length"u8, files[0].Length);
                if (files[0].Length > 0)
                    writer.WriteEntry("pieces root"u8, files[0].Root.AsSpan());
                writer.End();
                writer.End();
            }
            else
                WriteTree(writer, files[..count], depth + 1);
            files = files[count..];
        }
        writer.End();
    }

    private static void WriteV1Files(BencodeWriter writer, List<HashedFile> files, int pieceLength)
    {
        writer.StartList();
        long offset = 0;
        foreach (var file in files)
        {
            var over = (int)(offset % pieceLength);
            if (file.Length > 0 && over != 0)
            {
                var pad = pieceLength - over;
                writer.StartDictionary();
                writer.WriteEntry("attr"u8, "p"u8);
                writer.WriteEntry("length"u8, pad);
                writer.WriteKey("path"u8);
                writer.StartList();
                writer.WriteString(".pad"u8);
                writer.WriteString(pad.ToString(System.Globalization.CultureInfo.InvariantCulture));
                writer.End();
                writer.End();
                offset += pad;
            }
            writer.StartDictionary();
            writer.WriteEntry("length"u8, file.Length);
            writer.WriteKey("path"u8);
            writer.StartList();
            foreach (var segment in file.Segments)
                writer.WriteString(segment);
            writer.End();
            writer.End();
            offset += file.Length;
        }
        writer.End();
    }

    private sealed record HashedFile(string[] Segments, long Length, Sha256Digest Root, ReadOnlyMemory<byte> Layer);

    private sealed class ContentHasher(int pieceLength, int batch, IProgress<long>? progress)
    {
        private readonly byte[] _front = new byte[batch];
        private readonly byte[] _back = new byte[batch];
        private readonly System.Buffers.ArrayBufferWriter<byte> _v1 = new();
        private long _hashed;
        private long _told;

        public ReadOnlySpan<byte> V1Pieces => _v1.WrittenSpan;

        public async Task<HashedFile> HashAsync(
            string[] segments,
            TorrentBuildFile file,
            bool padded,
            CancellationToken cancellation
        )
        {
            var tree = new MerkleBuilder(int.Log2(pieceLength / BlockRange.BlockSize));
            var (current, other) = (_front, _back);
            long read = 0;
            var count = await ReadAsync(file, current, read, cancellation);
            while (count > 0)
            {
                read += count;
                // The next stretch comes from the disk while this one is hashed.
                var next = ReadAsync(file, other, read, cancellation);
                var paddedLength = read == file.Length && padded
                    ? (int)TorrentInfo.DivideUp(count, pieceLength) * pieceLength
                    : count;
                current.AsSpan(count, paddedLength - count).Clear();
                var (buffer, length) = (current, count);
                if (length < MinBatch / 4)
                {
                    HashV1(buffer.AsSpan(0, paddedLength));
                    tree.Append(buffer.AsSpan(0, length));
                }
                else
                    Parallel.Invoke(
                        () => HashV1(buffer.AsSpan(0, paddedLength)),
                        () => tree.Append(buffer.AsSpan(0, length))
                    );
                Tell(count, read == file.Length);
                count = await next;
                (current, other) = (other, current);
            }
            var root = tree.Finish();
            var layer = new byte[tree.Layer.Count * Sha256Digest.Size];
            for (var i = 0; i < tree.Layer.Count; i++)
                tree.Layer[i].CopyTo(layer.AsSpan(i * Sha256Digest.Size));
            return new HashedFile(segments, file.Length, root, layer);
        }

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

        private void HashV1(ReadOnlySpan<byte> bytes)
        {
            while (!bytes.IsEmpty)
            {
                var piece = bytes[..Math.Min(pieceLength, bytes.Length)];
                SHA1.HashData(piece, _v1.GetSpan(TorrentInfo.V1HashSize));
                _v1.Advance(TorrentInfo.V1HashSize);
                bytes = bytes[piece.Length..];
            }
        }

        private void Tell(int count, bool fileEnds)
        {
            _hashed += count;
            if (progress is null || (_hashed - _told < ProgressStep && !fileEnds))
                return;
            _told = _hashed;
            progress.Report(_hashed);
        }
    }
}
