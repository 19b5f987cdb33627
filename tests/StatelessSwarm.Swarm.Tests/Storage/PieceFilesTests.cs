using CsCheck;
using StatelessSwarm.Content.Bencoding;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Swarm.Storage;

namespace StatelessSwarm.Swarm.Tests.Storage;

public sealed class PieceFilesTests : IDisposable
{
    private const int Block = 16 * 1024;
    private readonly string _directory = Directory.CreateTempSubdirectory("ss-files-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>
    /// Goal: any stretch of any piece reads as the same stretch of all files one after another with zeros for pads, and writing it puts
    /// the bytes where they belong and nowhere else. Method: random file lists, pads and piece lengths; the torrent is written through
    /// one opening in random stretches and read through another; the files are then compared with the content they were cut from.
    /// </summary>
    [Fact]
    public void ReadAndWrite_AnyFileList_EqualTheConcatenation()
    {
        var run = 0;
        Gen.Select(
                Gen.Select(Gen.Int[0, 50_000], Gen.Bool).List[1, 9].Where(list => list.Any(item => item.Item1 > 0)),
                Gen.Int[1, 3],
                Gen.Int[0, int.MaxValue]
            )
            .Sample(
                (list, blocks, seed) =>
                    Check(Lay(list, blocks * Block), new Random(seed), Path.Combine(_directory, $"{Interlocked.Increment(ref run)}")),
                iter: 150,
                threads: 1
            );
    }

    [Fact]
    public void Open_ManyFiles_KeepsFewOpenAndReadsAllOfThem()
    {
        const int count = 3 * FileHandles.MostOpen;
        var info = V1([.. Enumerable.Range(0, count).Select(i => ($"d{i % 7}/f{i}", 100 + i))], Block);
        var paths = PathsIn(info, "many");
        using var files = PieceFiles.Open(info, paths, isReadOnly: false);
        Assert.InRange(OpenDescriptors("many"), 1, FileHandles.MostOpen);
        var content = new byte[info.WireBytes];
        new Random(1).NextBytes(content);
        for (var piece = 0; piece < info.PieceCount; piece++)
        {
            var block = new BlockRange(new PieceIndex(piece), 0, info.WireLength(new PieceIndex(piece)));
            files.Write(block, content.AsSpan(piece * Block, block.Length));
        }
        // Threads that read everywhere at once close files under one another's hands.
        Parallel.For(
            0,
            8 * info.PieceCount,
            i =>
            {
                var piece = new PieceIndex(i * 7919 % info.PieceCount);
                var target = new byte[info.WireLength(piece)];
                files.Read(new BlockRange(piece, 0, target.Length), target);
                Assert.True(target.AsSpan().SequenceEqual(content.AsSpan(piece.Value * Block, target.Length)));
            }
        );
        Assert.InRange(OpenDescriptors("many"), 1, FileHandles.MostOpen);
    }

    [Fact]
    public void Open_EmptyAndExecutableFiles_AreMadeSo()
    {
        var info = V1([("sub/empty", 0), ("run", 10), ("plain", 10)], Block, executable: "run");
        var paths = PathsIn(info, "modes");
        using (PieceFiles.Open(info, paths, isReadOnly: false)) { }
        Assert.Equal(0, new FileInfo(paths[0]).Length);
        Assert.Equal(10, new FileInfo(paths[1]).Length);
        Assert.True(File.GetUnixFileMode(paths[1]).HasFlag(UnixFileMode.UserExecute));
        Assert.False(File.GetUnixFileMode(paths[2]).HasFlag(UnixFileMode.UserExecute));
        Assert.Equal(3, Directory.GetFiles(Path.Combine(_directory, "modes"), "*", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public void Read_FileCutShort_NamesItAndItsLength()
    {
        var info = V1([("a", 100), ("b", 100)], Block);
        var paths = PathsIn(info, "short");
        using var files = PieceFiles.Open(info, paths, isReadOnly: false);
        using (var b = new FileStream(paths[1], FileMode.Open))
            b.SetLength(40);
        var fault = Assert.Throws<EndOfStreamException>(() => files.Read(new BlockRange(new PieceIndex(0), 0, 200), new byte[200]));
        Assert.Contains(paths[1], fault.Message, StringComparison.Ordinal);
        Assert.Contains("byte 40", fault.Message, StringComparison.Ordinal);
        Assert.False(files.TryRead(new BlockRange(new PieceIndex(0), 0, 200), new byte[200]));
        Assert.True(files.TryRead(new BlockRange(new PieceIndex(0), 0, 140), new byte[140]));
    }

    private static void Check(Layout layout, Random random, string directory)
    {
        var info = V1(layout.Files, layout.PieceLength);
        string[] paths = [.. info.Files.Select(file => Path.Combine(directory, file.Path))];
        var content = new byte[info.WireBytes];
        random.NextBytes(content);
        foreach (var (begin, length) in layout.Pads)
            content.AsSpan(begin, length).Clear();
        using (var target = PieceFiles.Open(info, paths, isReadOnly: false))
        {
            foreach (var block in Cut(info, random))
            {
                var data = content.AsSpan(block.Piece.Value * info.PieceLength + block.Begin, block.Length).ToArray();
                target.Write(block, data);
            }
        }
        using var source = PieceFiles.Open(info, paths, isReadOnly: true);
        foreach (var block in Cut(info, random))
        {
            var read = new byte[block.Length];
            random.NextBytes(read);
            source.Read(block, read);
            Assert.True(read.AsSpan().SequenceEqual(content.AsSpan(block.Piece.Value * info.PieceLength + block.Begin, block.Length)));
        }
        foreach (var (file, path) in info.Files.Zip(paths))
            Assert.True(File.ReadAllBytes(path).AsSpan().SequenceEqual(content.AsSpan((int)file.Offset, (int)file.Length)));
        Assert.Equal(paths.Order(StringComparer.Ordinal), Directory.GetFiles(directory).Order(StringComparer.Ordinal));
    }

    // Every byte once, in stretches of any length, in any order.
    private static BlockRange[] Cut(TorrentInfo info, Random random)
    {
        var blocks = new List<BlockRange>();
        for (var index = 0; index < info.PieceCount; index++)
        {
            var piece = new PieceIndex(index);
            for (var begin = 0; begin < info.WireLength(piece); begin += blocks[^1].Length)
                blocks.Add(new BlockRange(piece, begin, random.Next(1, Math.Min(20_000, info.WireLength(piece) - begin) + 1)));
        }
        var shuffled = blocks.ToArray();
        random.Shuffle(shuffled);
        return shuffled;
    }

    private static Layout Lay(List<(int Length, bool IsAligned)> list, int pieceLength)
    {
        var files = new List<(string, int)>();
        var pads = new List<(int, int)>();
        var position = 0;
        var last = list.FindLastIndex(item => item.Length > 0);
        for (var i = 0; i < list.Count; i++)
        {
            var over = position % pieceLength;
            if (list[i].IsAligned && over != 0 && i <= last)
            {
                pads.Add((position, pieceLength - over));
                files.Add(("", pieceLength - over));
                position += pieceLength - over;
            }
            files.Add(($"f{i}", list[i].Length));
            position += list[i].Length;
        }
        return new Layout(files, pads, pieceLength);
    }

    /// <summary>A v1-only torrent whose hashes nothing has; an empty name is a pad file.</summary>
    private static TorrentInfo V1(IReadOnlyList<(string Path, int Length)> files, int pieceLength, string executable = "")
    {
        var writer = new BencodeWriter();
        writer.StartDictionary();
        writer.WriteKey("files"u8);
        writer.StartList();
        foreach (var (path, length) in files)
        {
            writer.StartDictionary();
            if (path.Length == 0)
                writer.WriteEntry("attr"u8, "p");
            else if (path == executable)
                writer.WriteEntry("attr"u8, "x");
            writer.WriteEntry("length"u8, length);
            writer.WriteKey("path"u8);
            writer.StartList();
            foreach (var segment in path.Length == 0 ? [".pad", $"{length}"] : path.Split('/'))
                writer.WriteString(segment);
            writer.End();
            writer.End();
        }
        writer.End();
        writer.WriteEntry("name"u8, "n");
        writer.WriteEntry("piece length"u8, pieceLength);
        var pieces = (files.Sum(file => file.Length) + pieceLength - 1) / pieceLength;
        writer.WriteEntry("pieces"u8, new byte[TorrentInfo.V1HashSize * pieces]);
        writer.End();
        return TorrentInfo.Parse(writer.ToArray());
    }

    private string[] PathsIn(TorrentInfo info, string name) => [.. info.Files.Select(file => Path.Combine(_directory, name, file.Path))];

    private int OpenDescriptors(string name) =>
        Directory
            .GetFiles("/proc/self/fd")
            .Count(link => new FileInfo(link).LinkTarget?.StartsWith(Path.Combine(_directory, name), StringComparison.Ordinal) == true);

    private sealed record Layout(IReadOnlyList<(string, int)> Files, IReadOnlyList<(int Begin, int Length)> Pads, int PieceLength);
}
