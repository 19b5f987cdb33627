using StatelessSwarm.Content.Torrents;

namespace StatelessSwarm.Testing.Torrents;

/// <summary>A torrent, hybrid unless another kind is asked for, over repeatable random files in a temporary directory that goes away with it.</summary>
public sealed class SampleTorrent : IDisposable
{
    private SampleTorrent(string directory, Metainfo metainfo, byte[] metainfoBytes, IReadOnlyList<string> paths)
    {
        Directory = directory;
        Metainfo = metainfo;
        MetainfoBytes = metainfoBytes;
        Paths = paths;
    }

    /// <summary>Temporary directory; the torrent's files are in its subdirectory <c>source</c>.</summary>
    public string Directory { get; }

    /// <summary>The torrent.</summary>
    public Metainfo Metainfo { get; }

    /// <summary>The .torrent file.</summary>
    public byte[] MetainfoBytes { get; }

    /// <summary>Absolute path of every file, in the torrent's order.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>The .torrent file on disk.</summary>
    public string TorrentPath => Path.Combine(Directory, "sample.torrent");

    /// <summary>Makes files of the given lengths and their hybrid torrent.</summary>
    public static Task<SampleTorrent> CreateAsync(int pieceLength, params int[] lengths) =>
        CreateAsync(new TorrentBuildOptions { Name = "sample", PieceLength = pieceLength }, lengths);

    /// <summary>
    /// Makes files <c>file0.bin</c>, <c>file1.bin</c> and so on of the given lengths, and their torrent. One file in a torrent of that name
    /// makes a single-file torrent.
    /// </summary>
    public static Task<SampleTorrent> CreateAsync(TorrentBuildOptions options, params int[] lengths) =>
        CreateAsync(options, [.. lengths.Select((length, i) => ($"file{i}.bin", length))]);

    /// <summary>Makes files of the given paths and lengths and their hybrid torrent: of a single file, if its name is the torrent's.</summary>
    public static Task<SampleTorrent> CreateNamedAsync(
        string torrentName,
        int pieceLength,
        params (string Path, int Length)[] contents
    ) => CreateAsync(new TorrentBuildOptions { Name = torrentName, PieceLength = pieceLength }, contents);

    /// <summary>
    /// A hybrid torrent that contradicts itself: its v2 hashes are of the source, its v1 hashes of the same files with one byte of the first
    /// changed, which are in <c>v1</c>.
    /// </summary>
    /// <param name="pieceLength">Piece length.</param>
    /// <param name="changed">Which byte differs.</param>
    /// <param name="lengths">Of the files, as for <see cref="CreateAsync(int, int[])"/>.</param>
    public static async Task<SampleTorrent> CreateInconsistentAsync(int pieceLength, int changed, params int[] lengths)
    {
        var honest = await CreateAsync(pieceLength, lengths);
        var contents = honest.Paths.Select(File.ReadAllBytes).ToList();
        contents[0][changed] ^= 1;
        var others = honest.Metainfo.Info.Files.Zip(contents).Select(pair => new TorrentBuildFile(pair.First.Path, new MemoryStream(pair.Second), pair.Second.Length));
        var other = await TorrentBuilder.BuildHybridAsync(
            new TorrentBuildOptions { Name = "sample", PieceLength = pieceLength },
            [.. others],
            null,
            CancellationToken.None
        );
        // The two differ in hashes only, so what stands for one's SHA-1 pieces fits in the other's place.
        var bytes = honest.MetainfoBytes.ToArray();
        var pieces = bytes.AsSpan().IndexOf("6:pieces"u8);
        var length = honest.Metainfo.Info.PieceCount * TorrentInfo.V1HashSize;
        var start = pieces + "6:pieces"u8.Length + $"{length}:".Length;
        other.AsSpan(start, length).CopyTo(bytes.AsSpan(start));
        await File.WriteAllBytesAsync(honest.TorrentPath, bytes);
        var inconsistent = new SampleTorrent(honest.Directory, Metainfo.Parse(bytes), bytes, honest.Paths);
        foreach (var (path, content) in inconsistent.PathsIn("v1").Zip(contents))
        {
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllBytesAsync(path, content);
        }
        return inconsistent;
    }

    private static async Task<SampleTorrent> CreateAsync(TorrentBuildOptions options, (string Path, int Length)[] contents)
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("ss-torrent-").FullName;
        var source = Path.Combine(directory, "source");
        var random = new Random(contents.Sum(content => content.Length));
        var files = new List<TorrentBuildFile>();
        foreach (var (name, length) in contents)
        {
            var bytes = new byte[length];
            random.NextBytes(bytes);
            var path = Path.Combine(source, name);
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllBytesAsync(path, bytes);
            files.Add(new TorrentBuildFile(name, new MemoryStream(bytes), bytes.Length));
        }
        var torrent = await TorrentBuilder.BuildAsync(options, files, null, CancellationToken.None);
        await File.WriteAllBytesAsync(Path.Combine(directory, "sample.torrent"), torrent);
        var metainfo = Metainfo.Parse(torrent);
        return new SampleTorrent(
            directory,
            metainfo,
            torrent,
            [.. metainfo.Info.Files.Select(file => Path.Combine(source, file.Path))]
        );
    }

    /// <summary>Absolute paths for the torrent's files in another subdirectory.</summary>
    public IReadOnlyList<string> PathsIn(string name) =>
        [.. Metainfo.Info.Files.Select(file => Path.Combine(Directory, name, file.Path))];

    /// <summary>True when every file in the subdirectory has the source's bytes.</summary>
    public bool IsIdentical(string name) =>
        PathsIn(name)
            .Zip(Paths)
            .All(pair => File.ReadAllBytes(pair.First).AsSpan().SequenceEqual(File.ReadAllBytes(pair.Second)));

    /// <inheritdoc/>
    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}
