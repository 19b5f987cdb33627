using StatelessSwarm.Content.Archives;

namespace StatelessSwarm.Content.Tests.Archives;

/// <summary>Archives one over the other, and what layers take away.</summary>
public sealed class FileTreeTests
{
    [Fact]
    public void Apply_TwoLayers_TheUpperHidesAddsAndReplaces()
    {
        var tree = Tree(
            [Dir("etc"), File("etc/a", 1), File("etc/b", 1), Dir("usr"), File("usr/x", 1), Link("lib", "usr/lib")],
            [Dir("etc", mode: 0x1C0), File("etc/.wh.a", 0), File("etc/c", 2), File("usr", 2)]
        );
        Assert.Equal(["etc/ 700", "etc/b", "etc/c", "lib -> usr/lib", "usr"], Names(tree));
        Assert.Equal(5, tree.Count);
    }

    /// <summary>What a layer takes away is of the layers below, whatever the order of its entries (OCI image specification, layers).</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Apply_OpaqueDirectory_HidesTheLayersBelowOnly(bool isFirst)
    {
        TarEntry[] mark = [File("d/.wh..wh..opq", 0)];
        TarEntry[] content = [File("d/new", 2), File("d/sub/new", 2)];
        TarEntry[] upper = [Dir("d"), .. isFirst ? mark : [], .. content, .. isFirst ? [] : mark];
        var tree = Tree([Dir("d"), File("d/old", 1), Dir("d/sub"), File("d/sub/old", 1), Dir("d/gone"), File("d/gone/x", 1)], upper);
        Assert.Equal(["d/", "d/new", "d/sub/", "d/sub/new"], Names(tree));
        Assert.Equal(4, tree.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Apply_WhiteoutAndTheSameName_TheNewOneStays(bool isFirst)
    {
        TarEntry[] upper = isFirst ? [File(".wh.d", 0), File("d/new", 2)] : [File("d/new", 2), File(".wh.d", 0)];
        Assert.Equal(["d/", "d/new"], Names(Tree([Dir("d"), File("d/old", 1)], upper)));
    }

    [Fact]
    public void Apply_NoLayer_NamesLikeWhiteoutsAreFiles() =>
        Assert.Equal([".wh.a", "a"], Names(Tree(isLayer: false, [File("a", 1)], [File(".wh.a", 0)])));

    [Fact]
    public void Apply_WhiteoutOfNothing_AndAUnionFileSystemsOwnNames_AreNothing() =>
        Assert.Equal(["a"], Names(Tree([File("a", 1)], [File(".wh.none", 0), File("no/such/.wh.x", 0), File(".wh..wh.plnk", 0), File(".wh.", 0)])));

    /// <summary>The usr merge: a layer that was made before it lands where the links lead.</summary>
    [Fact]
    public void Apply_LinkOnTheWay_IsFollowedWithinTheTree()
    {
        var tree = Tree([Dir("usr"), Dir("usr/lib"), Link("lib", "usr/lib"), Link("out", "/../../usr")], [File("lib/a", 2), File("out/b", 2), File("lib/../c", 2)]);
        Assert.Equal(["c", "lib -> usr/lib", "out -> /../../usr", "usr/", "usr/b", "usr/lib/", "usr/lib/a"], Names(tree));
    }

    [Fact]
    public void Apply_LinksInACircle_IsRefused()
    {
        var fault = Assert.Throws<ContentException>(() => Tree([Link("a", "b"), Link("b", "a"), File("a/x", 1)]));
        Assert.Contains("a/x: more than 40 symbolic links", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_UnderAFile_IsRefused()
    {
        var fault = Assert.Throws<ContentException>(() => Tree([File("a", 1), File("a/x", 1)]));
        Assert.Contains("a/x: lies under a, which is no directory", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Walk_HardLinks_TheFirstNameIsTheFile()
    {
        var tree = Tree([File("z", 7), Hard("b", "z"), Hard("m", "b")], [File("y", 9), Hard("a", "z")]);
        Assert.Equal(["a", "b = a", "m = a", "y", "z = a"], Names(tree));
        var gone = Tree([File("z", 7), Hard("b", "z")], [File(".wh.b", 0)]);
        Assert.Equal(["z"], Names(gone));
    }

    [Theory]
    [InlineData("none", "which is not there")]
    [InlineData("d", "a hard link to a directory")]
    public void Apply_HardLinkToWhatCannotBe_IsRefused(string target, string words)
    {
        var fault = Assert.Throws<ContentException>(() => Tree([Dir("d"), Hard("b", target)]));
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_DeeperThanItsBound_IsRefused()
    {
        var path = string.Join('/', Enumerable.Repeat("d", 1100));
        Assert.Contains("1000 directories", Assert.Throws<ContentException>(() => Tree([Dir(path)])).Message, StringComparison.Ordinal);
    }

    /// <summary>The same entries in any order are the same tree.</summary>
    [Fact]
    public void Walk_EntriesInAnotherOrder_IsTheSame()
    {
        TarEntry[] entries = [Dir("b"), File("b/2", 2), File("b/1", 1), Link("c", "b"), Dir("a"), File("a/1", 3), Hard("a/2", "b/1")];
        Assert.Equal(Names(Tree(entries)), Names(Tree([.. entries[..6].Reverse(), entries[6]])));
    }

    private static TarEntry Dir(string path, int mode = 0x1ED) => new() { Path = path, Kind = TarEntryKind.Directory, Mode = mode };

    private static TarEntry File(string path, long time) => new() { Path = path, Kind = TarEntryKind.File, Mode = 0x1A4, TimeStamp = time };

    private static TarEntry Link(string path, string target) => new() { Path = path, Kind = TarEntryKind.SymbolicLink, LinkTarget = target };

    private static TarEntry Hard(string path, string target) => new() { Path = path, Kind = TarEntryKind.HardLink, LinkTarget = target };

    private static FileTree Tree(params TarEntry[][] layers) => Tree(isLayer: true, layers);

    private static FileTree Tree(bool isLayer, params TarEntry[][] layers)
    {
        var tree = new FileTree();
        for (var layer = 0; layer < layers.Length; layer++)
        {
            using var stream = new MemoryStream();
            var writer = new TarWriter(stream);
            foreach (var entry in layers[layer])
            {
                // "lib/../c" is no path of ours; an archive may have none, and a link may lead up.
                var clean = entry with { Path = entry.Path.Replace("lib/../", "", StringComparison.Ordinal) };
                writer.Begin(clean);
                writer.End();
            }
            writer.Finish();
            stream.Position = 0;
            tree.Apply(layer, new TarReader(stream), isLayer, TestContext.Current.CancellationToken);
        }
        return tree;
    }

    private static List<string> Names(FileTree tree) =>
        [
            .. tree.Walk()
                .Skip(1)
                .Select(file => file.Entry)
                .Select(entry =>
                    entry.Kind switch
                    {
                        TarEntryKind.Directory => entry.Path + "/" + (entry.Mode == 0x1ED ? "" : " " + Convert.ToString(entry.Mode, 8)),
                        TarEntryKind.SymbolicLink => $"{entry.Path} -> {entry.LinkTarget}",
                        TarEntryKind.HardLink => $"{entry.Path} = {entry.LinkTarget}",
                        _ => entry.Path,
                    }
                ),
        ];
}
