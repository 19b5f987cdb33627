using System.Security.Cryptography;
using CsCheck;
using StatelessSwarm.Content.Tests.Merkle;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using static StatelessSwarm.Content.Tests.Torrents.TorrentSamples;

namespace StatelessSwarm.Content.Tests.Torrents;

public sealed class TorrentInfoTests
{
    [Fact]
    public async Task Pieces_OfEveryFile_HashAsTheMetainfoSays()
    {
        // Goal: piece-to-file mapping, both hash sets and the layers agree with the content. Method: read every piece by
        // Locate and ContentLength only, pad with zeros to WireLength for v1.
        var metainfo = Metainfo.Parse(await BuildAsync(Awkward));
        var (info, layers) = (metainfo.Info, metainfo.Layers!);
        var contents = Awkward.ToDictionary(file => file.Path, Bytes);
        Assert.Equal(["boot/initrd.img", "boot/vmlinuz", "boot-extra", "empty", "exact", "root.squashfs"], info.Files.Select(file => file.Path));
        long seen = 0;
        for (var index = 0; index < info.PieceCount; index++)
        {
            var piece = new PieceIndex(index);
            var (file, offset) = info.Locate(piece);
            var content = contents[info.Files[file].Path].AsMemory((int)offset, info.ContentLength(piece)).ToArray();
            Assert.Equal((long)index * info.PieceLength, info.Files[file].Offset + offset);
            seen += content.Length;
            var padded = new byte[info.WireLength(piece)];
            content.CopyTo(padded, 0);
            Assert.True(info.V1PieceHash(piece).SequenceEqual(SHA1.HashData(padded)));
            var leaves = MerkleTests.Leaves(content);
            Assert.Equal(leaves.Length, info.BlockCount(piece));
            Assert.True(layers.Verify(piece, leaves));
            Assert.False(layers.Verify(piece, [.. leaves, default]));
            Assert.False(layers.Verify(piece, leaves.AsSpan(1)));
            leaves[^1] = MerkleTests.Leaves([.. content, 1])[^1];
            Assert.False(layers.Verify(piece, leaves));
        }
        Assert.Equal(info.ContentBytes, seen);
        Assert.Equal(info.WireBytes, Enumerable.Range(0, info.PieceCount).Sum(index => (long)info.WireLength(new PieceIndex(index))));
        Assert.Throws<ArgumentOutOfRangeException>(() => info.Locate(new PieceIndex(info.PieceCount)));
        Assert.Throws<ArgumentOutOfRangeException>(() => info.Locate(new PieceIndex(-1)));
    }

    [Fact]
    public async Task Parse_V2OnlyAndV1Only_FromTheSameContent()
    {
        var hybrid = Loose.Read(await BuildAsync(Awkward)).At("info");
        var v2 = Loose.Read(hybrid.Write());
        v2.Remove("files");
        v2.Remove("pieces");
        var v2Info = TorrentInfo.Parse(v2.Write());
        Assert.Null(v2Info.V1Hash);
        Assert.True(v2Info.V1PieceHash(new PieceIndex(0)).IsEmpty);
        var v1 = Loose.Read(hybrid.Write());
        v1.Remove("file tree");
        v1.Remove("meta version");
        var v1Info = TorrentInfo.Parse(v1.Write());
        Assert.Null(v1Info.V2Hash);
        Assert.Equal(v2Info.PieceCount, v1Info.PieceCount);
        Assert.Equal(v2Info.Files.Select(f => (f.Path, f.Length)), v1Info.Files.Select(f => (f.Path, f.Length)));
        for (var i = 0; i < v1Info.PieceCount; i++)
            Assert.Equal(v2Info.Locate(new PieceIndex(i)), v1Info.Locate(new PieceIndex(i)));
    }

    [Fact]
    public async Task WireLength_V2OnlyLastPiece_IsWholeAndReadsAsPadBehindTheFile()
    {
        var info = Metainfo.Parse(await BuildAsync([("a", 100), ("b", 200)], kind: TorrentKind.V2)).Info;
        foreach (var (piece, content) in new[] { (new PieceIndex(0), 100), (new PieceIndex(1), 200) })
        {
            Assert.Equal((PieceLength, content, content), (info.WireLength(piece), info.ContentLength(piece), info.FileBytes(piece)));
            var spans = new List<(bool, int)>();
            foreach (var span in info.SpansOf(new BlockRange(piece, 0, PieceLength)))
                spans.Add((span.IsPad, span.Length));
            Assert.Equal([(false, content), (true, PieceLength - content)], spans);
        }
    }

    [Fact]
    public async Task Parse_TailPad_ReadAsWellAsWithout()
    {
        var info = Loose.Read(await BuildAsync([("a", 100), ("b", 200)])).At("info");
        var before = TorrentInfo.Parse(info.Write());
        Assert.Equal((PieceLength, 200, 200), (before.WireLength(new PieceIndex(0)), before.WireLength(new PieceIndex(1)), before.ContentLength(new PieceIndex(1))));
        info.ListAt("files").Add(Pad(PieceLength - 200));
        var after = TorrentInfo.Parse(info.Write());
        Assert.Equal((PieceLength, 200, 2), (after.WireLength(new PieceIndex(1)), after.ContentLength(new PieceIndex(1)), after.PieceCount));
        info.ListAt("files").Add(Pad(PieceLength));
        Assert.Throws<ContentException>(() => TorrentInfo.Parse(info.Write()));
    }

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("../../etc/passwd")]
    [InlineData("/etc")]
    [InlineData("a\\b")]
    [InlineData("a%00b")]
    [InlineData("a%0Ab")]
    [InlineData("%1B[2J")]
    [InlineData("%C2%80")] // one Latin-1 byte: not UTF-8
    public async Task Parse_EvilName_Refused(string escaped)
    {
        // Escaped, because control characters in a test's name break the XML of reports.
        var evil = Uri.UnescapeDataString(escaped);
        var torrent = await BuildAsync([("dir/a", 10), ("b", 20)]);
        var name = Loose.Read(torrent).At("info");
        name["name"] = evil;
        Assert.Throws<ContentException>(() => TorrentInfo.Parse(name.Write()));
        var v1 = Loose.Read(torrent).At("info");
        v1.Remove("file tree");
        v1.Remove("meta version");
        ((Loose)v1.ListAt("files")[0]).ListAt("path")[0] = evil;
        Assert.Throws<ContentException>(() => TorrentInfo.Parse(v1.Write()));
        var v2 = Loose.Read(torrent).At("info");
        v2.Remove("files");
        v2.Remove("pieces");
        var directory = v2.At("file tree")["dir"];
        v2.At("file tree").Remove("dir");
        v2.At("file tree")[evil] = directory;
        Assert.Throws<ContentException>(() => TorrentInfo.Parse(v2.Write()));
        Assert.Throws<ContentException>(() => TorrentInfo.Parse(Long(torrent, new string('x', 256))));

        static byte[] Long(byte[] torrent, string name)
        {
            var info = Loose.Read(torrent).At("info");
            info["name"] = name;
            return info.Write();
        }
    }

    public static TheoryData<string, string> Inconsistent => new()
    {
        { "length in the tree", "tree-length" },
        { "length in the list", "list-length" },
        { "name in the list", "list-name" },
        { "a file only in the list", "list-more" },
        { "a file only in the tree", "list-less" },
        { "files in another order", "list-order" },
        { "no pad between files", "no-pad" },
        { "pad of another length", "short-pad" },
        { "a hash too many", "hash-more" },
        { "a hash too few", "hash-less" },
        { "half a hash", "hash-half" },
        { "single file against tree", "single" },
        { "both length and files", "both" },
        { "symbolic link", "link" },
        { "pad file in the tree", "tree-pad" },
        { "no pieces root", "no-root" },
        { "zero pieces root", "zero-root" },
        { "short pieces root", "short-root" },
        { "file and directory", "file-and-directory" },
        { "empty directory", "empty-directory" },
        { "meta version 3", "meta-3" },
        { "piece length not a power of two", "piece-odd" },
        { "piece length too small", "piece-small" },
        { "piece length too large", "piece-large" },
        { "negative length", "negative" },
        { "huge lengths", "huge" },
        { "private 2", "private" },
        { "neither v1 nor v2", "neither" },
        { "no name", "no-name" },
        { "name a number", "name-number" },
    };

    [Theory]
    [MemberData(nameof(Inconsistent))]
    public async Task Parse_Inconsistent_Refused(string what, string change)
    {
        var info = Loose.Read(await BuildAsync([("a", 40_000), ("b", 200)])).At("info");
        TorrentInfo.Parse(info.Write());
        var files = info.ListAt("files");
        var (first, pad, second) = ((Loose)files[0], (Loose)files[1], (Loose)files[2]);
        var tree = info.At("file tree");
        var treeFile = tree.At("a").At("");
        var pieces = (string)info["pieces"];
        switch (change)
        {
            case "tree-length": treeFile["length"] = 40_001; break;
            case "list-length": first["length"] = 39_999; break;
            case "list-name": first.ListAt("path")[0] = "c"; break;
            case "list-more": files.Add(Loose.Read(second.Write())); break;
            case "list-less": files.RemoveAt(2); break;
            case "list-order": (files[0], files[2]) = (files[2], files[0]); break;
            case "no-pad": files.RemoveAt(1); break;
            case "short-pad": pad["length"] = (long)pad["length"] - 1; break;
            case "hash-more": info["pieces"] = pieces + pieces[..20]; break;
            case "hash-less": info["pieces"] = pieces[20..]; break;
            case "hash-half": info["pieces"] = pieces[10..]; break;
            case "single": info.Remove("files"); info["length"] = 40_000; break;
            case "both": info["length"] = 40_000; break;
            case "link": first["attr"] = "l"; break;
            case "tree-pad": treeFile["attr"] = "p"; break;
            case "no-root": treeFile.Remove("pieces root"); break;
            case "zero-root": treeFile["pieces root"] = new string('\0', 32); break;
            case "short-root": treeFile["pieces root"] = new string('x', 31); break;
            case "file-and-directory": tree.At("a")["x"] = tree["b"]; break;
            case "empty-directory": tree["c"] = new Loose(); break;
            case "meta-3": info["meta version"] = 3; break;
            case "piece-odd": info["piece length"] = 40_000; break;
            case "piece-small": info["piece length"] = 8192; break;
            case "piece-large": info["piece length"] = 1 << 27; break;
            case "negative": treeFile["length"] = -1; break;
            case "huge": treeFile["length"] = long.MaxValue; first["length"] = long.MaxValue; break;
            case "private": info["private"] = 2; break;
            case "neither": info.Remove("pieces"); info.Remove("meta version"); break;
            case "no-name": info.Remove("name"); break;
            default: info["name"] = 7; break;
        }
        var fault = Assert.Throws<ContentException>(() => TorrentInfo.Parse(info.Write()));
        Assert.True(fault.Message.StartsWith("torrent: ", StringComparison.Ordinal), what);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Theory]
    [InlineData("piece of pad only", 10, 2 * 16384, 10)]
    [InlineData("pad after the last file beyond its piece", 10, 0, 10, 2 * 16384)]
    [InlineData("pad before the first file, a piece long", 0, 16384, 10)]
    public void Parse_V1PieceWithoutAByteOfAFile_Refused(string what, params int[] lengths)
    {
        // File, pad, file, pad.
        var wire = lengths.Sum();
        var info = V1([.. lengths.Select((length, i) => (i % 2 == 0 ? $"f{i}" : "", length))]);
        Assert.True(wire > 16384);
        var fault = Assert.Throws<ContentException>(() => TorrentInfo.Parse(info.Write()));
        Assert.Contains("a byte of a file in every piece", fault.Message, StringComparison.Ordinal);
        Assert.NotEmpty(what);
    }

    [Fact]
    public void Spans_PiecesThatSpanFilesAndPads_AreInOrderAndWhole()
    {
        // 20,000 bytes; empty; 5; 10,000 of pad; 16,379; then 100 of pad: the second piece begins in the first file.
        var info = TorrentInfo.Parse(V1([("a", 20_000), ("e", 0), ("b", 5), ("", 10_000), ("c", 16_379), ("", 100)]).Write());
        Assert.Equal((3, 46_484, 36_384L), (info.PieceCount, info.WireBytes, info.ContentBytes));
        Assert.Equal([(0, 0L, 16_384)], Spans(0, 0, 16_384));
        Assert.Equal([(0, 16_384L, 3_616), (2, 0L, 5), (-1, 0L, 10_000), (3, 0L, 2_763)], Spans(1, 0, 16_384));
        Assert.Equal([(3, 2_763L, 13_616), (-1, 0L, 100)], Spans(2, 0, info.WireLength(new PieceIndex(2))));
        Assert.Equal([(-1, 0L, 10)], Spans(1, 4_000, 10));
        Assert.Equal([(2, 4L, 1), (-1, 0L, 1)], Spans(1, 3_620, 2));
        Assert.Empty(Spans(1, 3_620, 0));
        Assert.Equal((16_384, 16_384, 13_616), (Content(0), Content(1), Content(2)));
        Assert.Equal((16_384, 6_384, 13_616), (Bytes(0), Bytes(1), Bytes(2)));
        Assert.Equal((0, 16_384L), info.Locate(new PieceIndex(1)));
        Assert.Equal((new PieceIndex(0), 2), info.PiecesOf(0));
        Assert.Equal((new PieceIndex(1), 1), info.PiecesOf(2));
        Assert.Equal((new PieceIndex(1), 2), info.PiecesOf(3));
        Assert.Equal(0, info.PiecesOf(1).Count);

        int Content(int piece) => info.ContentLength(new PieceIndex(piece));
        int Bytes(int piece) => info.FileBytes(new PieceIndex(piece));
        List<(int, long, int)> Spans(int piece, int begin, int length)
        {
            var spans = new List<(int, long, int)>();
            foreach (var span in info.SpansOf(new BlockRange(new PieceIndex(piece), begin, length)))
                spans.Add((span.FileIndex, span.FileOffset, span.Length));
            return spans;
        }
    }

    [Fact]
    public void Parse_ManyV1Files_LocateFindsEachOfThem()
    {
        const int count = TorrentInfo.MaxFiles;
        var info = TorrentInfo.Parse(V1([.. Enumerable.Range(0, count).Select(i => ($"d{i % 100}/f{i}", 1 + i % 7))]).Write());
        Assert.Equal(count, info.Files.Count);
        for (var piece = 0; piece < info.PieceCount; piece++)
        {
            var (file, offset) = info.Locate(new PieceIndex(piece));
            Assert.Equal((long)piece * info.PieceLength, info.Files[file].Offset + offset);
            Assert.InRange(offset, 0, info.Files[file].Length - 1);
        }
        Assert.Throws<ContentException>(() =>
            TorrentInfo.Parse(V1([.. Enumerable.Range(0, count + 1).Select(i => ($"f{i}", 1))]).Write()));
    }

    [Theory]
    [InlineData("x", true)]
    [InlineData("hx", true)]
    [InlineData("h", false)]
    public async Task Parse_AttributeX_IsExecutable(string attributes, bool expected)
    {
        var v1 = V1([("a", 10), ("b", 20)]);
        ((Loose)v1.ListAt("files")[1])["attr"] = attributes;
        Assert.Equal([false, expected], TorrentInfo.Parse(v1.Write()).Files.Select(file => file.IsExecutable));
        var v2 = Loose.Read(await BuildAsync([("a", 10), ("b", 20)], kind: TorrentKind.V2)).At("info");
        v2.At("file tree").At("b").At("")["attr"] = attributes;
        Assert.Equal([false, expected], TorrentInfo.Parse(v2.Write()).Files.Select(file => file.IsExecutable));
        var single = Loose.Read(await BuildAsync([("web-1.0", 10)], kind: TorrentKind.V1)).At("info");
        single["attr"] = attributes;
        Assert.Equal([expected], TorrentInfo.Parse(single.Write()).Files.Select(file => file.IsExecutable));
    }

    /// <summary>A symbolic link is refused wherever it stands and wherever it points: nothing outside can be reached through one.</summary>
    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("../../outside")]
    [InlineData("b")]
    public async Task Parse_SymbolicLink_Refused(string target)
    {
        var link = new List<object>(target.Split('/'));
        var v1 = V1([("a", 0), ("b", 20)]);
        ((Loose)v1.ListAt("files")[0])["attr"] = "l";
        ((Loose)v1.ListAt("files")[0])["symlink path"] = link;
        Assert.Contains("symbolic link", Assert.Throws<ContentException>(() => TorrentInfo.Parse(v1.Write())).Message, StringComparison.Ordinal);
        var v2 = Loose.Read(await BuildAsync([("a", 0), ("b", 20)], kind: TorrentKind.V2)).At("info");
        v2.At("file tree").At("a").At("")["attr"] = "l";
        v2.At("file tree").At("a").At("")["symlink path"] = link;
        Assert.Contains("symbolic link", Assert.Throws<ContentException>(() => TorrentInfo.Parse(v2.Write())).Message, StringComparison.Ordinal);
        var single = Loose.Read(await BuildAsync([("web-1.0", 10)], kind: TorrentKind.V1)).At("info");
        single["attr"] = "l";
        Assert.Contains("symbolic link", Assert.Throws<ContentException>(() => TorrentInfo.Parse(single.Write())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_V1PieceLength_IsAnyNumberOfBlocks()
    {
        var info = V1([("a", 100_000)]);
        info["piece length"] = 3 * 16384;
        info["pieces"] = new string('h', 60);
        Assert.Equal((3, 3), (TorrentInfo.Parse(info.Write()).PieceCount, TorrentInfo.Parse(info.Write()).BlocksPerPiece));
        info["piece length"] = 50_000;
        info["pieces"] = new string('h', 40);
        Assert.Throws<ContentException>(() => TorrentInfo.Parse(info.Write()));
    }

    /// <summary>
    /// Goal: the map from pieces to files holds for any list of files. Method: random lengths and pads; walking every piece's spans must
    /// give every byte of every file once and in order, and the lengths that the pieces claim.
    /// </summary>
    [Fact]
    public void Spans_AnyFileList_CoverEveryByteOnce() =>
        Gen.Select(Gen.Int[0, 40_000], Gen.Bool).List[1, 12].Where(list => list.Any(item => item.Item1 > 0)).Sample(list =>
        {
            var files = new List<(string, int)>();
            var position = 0;
            foreach (var (length, isAligned) in list)
            {
                if (isAligned && position % 16384 != 0)
                {
                    files.Add(("", 16384 - position % 16384));
                    position += files[^1].Item2;
                }
                files.Add(($"f{files.Count}", length));
                position += length;
            }
            while (files[^1].Item2 == 0 || files[^1].Item1.Length == 0)
                files.RemoveAt(files.Count - 1);
            if (position == 0)
                return;
            var info = TorrentInfo.Parse(V1(files).Write());
            var seen = new long[info.Files.Count];
            for (var index = 0; index < info.PieceCount; index++)
            {
                var piece = new PieceIndex(index);
                var (inFiles, length, content) = (0, 0, 0);
                foreach (var span in info.SpansOf(new BlockRange(piece, 0, info.WireLength(piece))))
                {
                    length += span.Length;
                    if (span.IsPad)
                        continue;
                    Assert.Equal(seen[span.FileIndex], span.FileOffset);
                    seen[span.FileIndex] += span.Length;
                    inFiles += span.Length;
                    content = length;
                }
                Assert.Equal((info.WireLength(piece), info.ContentLength(piece), info.FileBytes(piece)), (length, content, inFiles));
            }
            Assert.Equal(info.Files.Select(file => file.Length), seen);
        }, iter: 300);

    [Fact]
    public void Parse_V1PathsThatClash_Refused()
    {
        Assert.Throws<ContentException>(() => V1("a", "a"));
        Assert.Throws<ContentException>(() => V1("a", "a/b"));
        Assert.Throws<ContentException>(() => V1("a/b", "a"));
        Assert.Throws<ContentException>(() => V1(string.Join('/', Enumerable.Repeat("d", 33))));
        Assert.Equal(2, V1("a/b", "a/c").Files.Count);

        static TorrentInfo V1(params string[] paths) =>
            TorrentInfo.Parse(
                new Loose
                {
                    ["files"] = paths.Select(path => (object)new Loose { ["length"] = 10, ["path"] = path.Split('/').Cast<object>().ToList() }).ToList(),
                    ["name"] = "n",
                    ["piece length"] = 16384,
                    ["pieces"] = new string('h', 20),
                }.Write()
            );
    }

    [Fact]
    public void Parse_UnsortedKeys_Refused() =>
        Assert.Throws<ContentException>(() => TorrentInfo.Parse("d6:pieces20:hhhhhhhhhhhhhhhhhhhh4:name1:n12:piece lengthi16384e6:lengthi1ee"u8.ToArray()));

    [Fact]
    public async Task Parse_MutatedBytes_OnlyContentException()
    {
        var raw = Loose.Read(await BuildAsync(Awkward)).At("info").Write();
        var hash = TorrentInfo.Parse(raw).V2Hash;
        Gen.Select(Gen.Int[0, raw.Length - 1], Gen.Byte, Gen.Int[0, 2]).Sample((at, value, how) =>
        {
            var bytes = raw.ToList();
            switch (how)
            {
                case 0: bytes[at] ^= (byte)(value | 1); break;
                case 1: bytes.Insert(at, value); break;
                default: bytes.RemoveAt(at); break;
            }
            try
            {
                Assert.NotEqual(hash, TorrentInfo.Parse(bytes.ToArray()).V2Hash);
            }
            catch (ContentException) { }
        }, iter: 10_000);
    }

    /// <summary>A v1-only torrent of 16 KiB pieces; an empty name is a pad file.</summary>
    private static Loose V1(IReadOnlyList<(string Path, int Length)> files)
    {
        var list = files.Select(file =>
            file.Path.Length == 0
                ? (object)Pad(file.Length)
                : new Loose { ["length"] = file.Length, ["path"] = file.Path.Split('/').Cast<object>().ToList() });
        return new Loose
        {
            ["files"] = list.ToList(),
            ["name"] = "n",
            ["piece length"] = 16384,
            ["pieces"] = new string('h', 20 * ((files.Sum(file => file.Length) + 16383) / 16384)),
        };
    }

    private static Loose Pad(int length) =>
        new() { ["attr"] = "p", ["length"] = length, ["path"] = new List<object> { ".pad", $"{length}" } };
}
