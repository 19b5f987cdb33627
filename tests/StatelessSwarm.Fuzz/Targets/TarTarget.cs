using System.Text;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Archives;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary>
/// <see cref="TarReader"/> and <see cref="FileTree"/>: a tree put together from two layers is, written and read again, the same tree. Check sums are
/// mended before the input is read; nothing but headers would ever be found otherwise.
/// </summary>
internal sealed class TarTarget : FuzzTarget
{
    private const int BlockSize = 512;

    public override string Name => "tar";

    public override int MaxInput => 8192;

    public override IReadOnlyList<byte[]> Words =>
        WordsOf("ustar\u000000", "ustar  ", "x", "g", "L", "K", "S", "11 path=a/b\n", "12 linkpath=\n", "30 GNU.sparse.map=0,1,5,2,9,0\n", "22 GNU.sparse.major=1\n", "SCHILY.xattr.", "LIBARCHIVE.xattr.", ".wh.", ".wh..wh..opq", "../", "/", "77777777777", "00000001000");

    // A sparse file's map and a whole header are read at once; an entry's names appear a few times over.
    public override long MaxAllocated(int length) => 4 * 1024 * 1024 + 4096L * length;

    public override void Run(ReadOnlySpan<byte> input)
    {
        var bytes = input.ToArray();
        for (var offset = 0; offset + BlockSize <= bytes.Length; offset += BlockSize)
            Mend(bytes.AsSpan(offset, BlockSize));
        var half = bytes.Length / (2 * BlockSize) * BlockSize;
        var tree = new FileTree();
        try
        {
            tree.Apply(0, new TarReader(new MemoryStream(bytes[..half])), isLayer: false, CancellationToken.None);
            tree.Apply(1, new TarReader(new MemoryStream(bytes[half..])), isLayer: true, CancellationToken.None);
        }
        catch (ContentException)
        {
            return;
        }
        Require(tree.Walk().Count() == tree.Count + 1, "every name is walked once");
        var written = Write(tree, out var isWhole);
        if (!isWhole)
            return;
        var again = new FileTree();
        again.Apply(0, new TarReader(new MemoryStream(written)), isLayer: false, CancellationToken.None);
        Require(Write(again, out _).AsSpan().SequenceEqual(written), "it is the same when read again");
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        yield return ("plain", Archive(new TarEntry { Path = "d", Kind = TarEntryKind.Directory, Mode = 0x1ED }, new TarEntry { Path = "d/f", Kind = TarEntryKind.File, Length = 3 }));
        yield return ("links", Archive(new TarEntry { Path = "f", Kind = TarEntryKind.File, Length = 3 }, new TarEntry { Path = "h", Kind = TarEntryKind.HardLink, LinkTarget = "f" }, new TarEntry { Path = "s", Kind = TarEntryKind.SymbolicLink, LinkTarget = "../" + new string('t', 200) }));
        yield return ("attributes", Archive(new TarEntry { Path = new string('n', 120), Kind = TarEntryKind.CharacterDevice, Major = 1, Minor = 3, Attributes = [new("user.a", new byte[] { 0, 10, 255 })], AccessLists = [new("access", Encoding.ASCII.GetBytes("user::rw-"))] }));
        yield return ("sparse", Archive(new TarEntry { Path = "s", Kind = TarEntryKind.File, Length = 10_000, Stretches = [new(4096, 3), new(10_000, 0)] }));
        yield return ("layer", Archive(new TarEntry { Path = "d/.wh.f", Kind = TarEntryKind.File }, new TarEntry { Path = "e/.wh..wh..opq", Kind = TarEntryKind.File }));
    }

    private static byte[] Write(FileTree tree, out bool isWhole)
    {
        isWhole = true;
        using var stream = new MemoryStream();
        var writer = new TarWriter(stream);
        foreach (var (entry, _) in tree.Walk())
        {
            // Their data is not what is looked at here, and may be of any size.
            if (entry.Length > 4096)
                isWhole = false;
            if (!isWhole)
                return [];
            writer.Begin(entry);
            if (entry.Kind == TarEntryKind.File)
                writer.Write(new byte[entry.Stretches?.Sum(static stretch => stretch.Length) ?? entry.Length]);
            writer.End();
        }
        writer.Finish();
        return stream.ToArray();
    }

    private static byte[] Archive(params TarEntry[] entries)
    {
        using var stream = new MemoryStream();
        var writer = new TarWriter(stream);
        foreach (var entry in entries)
        {
            writer.Begin(entry);
            if (entry.Kind == TarEntryKind.File)
                writer.Write("abc"u8[..(int)(entry.Stretches is null ? entry.Length : 3)]);
            writer.End();
        }
        writer.Finish();
        return stream.ToArray();
    }

    private static void Mend(Span<byte> block)
    {
        if (!block.ContainsAnyExcept((byte)0))
            return;
        block.Slice(148, 8).Fill((byte)' ');
        var sum = 0;
        foreach (var part in block)
            sum += part;
        for (var digit = 153; digit >= 148; digit--, sum >>= 3)
            block[digit] = (byte)('0' + (sum & 7));
        block[154] = 0;
    }
}
