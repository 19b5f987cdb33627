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
    public static async Task<SampleTorrent> CreateAsync(TorrentBuildOptions options, params int[] lengths)
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("ss-torrent-").FullName;
        var source = Path.Combine(directory, "source");
        System.IO.Directory.CreateDirectory(source);
        var random = new Random(lengths.Sum());
        var files = new List<TorrentBuildFile>();
        for (var i = 0; i < lengths.Length; i++)
        {
            var bytes = new byte[lengths[i]];
            random.NextBytes(bytes);
            var name = $"file{i}.bin";
            await File.WriteAllBytesAsync(Path.Combine(source, name), bytes);
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
