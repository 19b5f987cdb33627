using System.Globalization;
using System.Text;
using CsCheck;
using StatelessSwarm.Content.Archives;

namespace StatelessSwarm.Content.Tests.Archives;

/// <summary>The reader against GNU tar in every format it writes, and against what no tar writes.</summary>
public sealed class TarReaderTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>
    /// Goal: what GNU tar packs is read, entry by entry. Method: one tree with long and odd names, links, devices, a pipe and a sparse file, in all
    /// formats; the expected list is find's.
    /// </summary>
    [Theory]
    [InlineData("gnu", "")]
    [InlineData("oldgnu", "")]
    [InlineData("pax", "")]
    [InlineData("gnu", "--sparse")]
    [InlineData("oldgnu", "--sparse")]
    [InlineData("pax", "--sparse --sparse-version=0.0")]
    [InlineData("pax", "--sparse --sparse-version=0.1")]
    [InlineData("pax", "--sparse --sparse-version=1.0")]
    public async Task Next_ArchiveOfGnuTar_IsTheTree(string format, string options)
    {
        await MakeTreeAsync();
        await ShellAsync(_directory.File(""), $"tar --format={format} {options} --numeric-owner -cf a.tar -C tree .");
        var expected = await ShellAsync(_directory.File("tree"), "find . -printf '%P|%y|%m|%U|%G|%l\\n' | LC_ALL=C sort");
        var sums = await ShellAsync(_directory.File("tree"), "find . -type f -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 sha256sum | LC_ALL=C sort -k2");
        var (listing, hashes) = Read(_directory.File("a.tar"));
        Assert.Equal(expected, listing);
        Assert.Equal(sums, hashes);
        if (options.Length > 0)
            Assert.InRange(new FileInfo(_directory.File("a.tar")).Length, 1, 3_000_000);
    }

    [Fact]
    public async Task Next_ExtendedAttributes_AreTheirBytes()
    {
        await ShellAsync(
            _directory.File(""),
            "mkdir tree; echo x > tree/f; setfattr -n user.two -v 0x00ff0a3d80 tree/f; setfattr -n user.one -v '' tree/f; setcap cap_net_raw+ep tree/f;"
                + "setfacl -m u:1234:r tree/f; tar --xattrs --xattrs-include='*' --acls -cf a.tar -C tree f"
        );
        await using var stream = File.OpenRead(_directory.File("a.tar"));
        var entry = new TarReader(stream).Next()!;
        Assert.Equal(["security.capability", "user.one", "user.two"], entry.Attributes.Select(attribute => attribute.Name).Where(name => !name.StartsWith("system.", StringComparison.Ordinal)));
        Assert.Equal("00ff0a3d80", Convert.ToHexStringLower(entry.Attributes.Single(attribute => attribute.Name == "user.two").Value.Span));
        Assert.Equal(20, entry.Attributes.Single(attribute => attribute.Name == "security.capability").Value.Length);
        Assert.Contains("user:1234:r--", Encoding.Latin1.GetString(entry.AccessLists.Single().Value.Span), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no archive at all", "no tar archive: the first header's check sum is wrong")]
    [InlineData("../up", "leads out of the tree")]
    [InlineData("a/../../b", "leads out of the tree")]
    public void Next_NotToBeHad_SaysWhy(string name, string words)
    {
        var bytes = words.Contains("archive", StringComparison.Ordinal)
            ? Encoding.ASCII.GetBytes(name.PadRight(1024))
            : Archive(new TarEntry { Path = name, Kind = TarEntryKind.Directory });
        var fault = Assert.Throws<ContentException>(() => new TarReader(new MemoryStream(bytes)).Next());
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Next_CutAnywhere_IsSaidOrEndsBetweenEntries()
    {
        var whole = Archive(
            new TarEntry { Path = new string('n', 150), Kind = TarEntryKind.SymbolicLink, LinkTarget = new string('t', 200) },
            new TarEntry { Path = "second", Kind = TarEntryKind.Directory }
        );
        for (var length = 0; length < whole.Length - 1024; length += 64)
        {
            var reader = new TarReader(new MemoryStream(whole[..length]));
            var count = 0;
            try
            {
                while (reader.Next() is not null)
                    count++;
                Assert.Contains(length, (int[])[0, 1536, 2048]);
            }
            catch (ContentException)
            {
                Assert.InRange(count, 0, 1);
            }
        }
    }

    [Theory]
    [InlineData("5 path=", "length is wrong")]
    [InlineData("999 path=x\n", "length is wrong")]
    [InlineData("8 path=x\n", "length is wrong")]
    [InlineData("x path=x\n", "does not begin with its length")]
    [InlineData("9 pathxx\n", "has no '='")]
    [InlineData("11 size=-1\n", "no decimal number")]
    [InlineData("19 mtime=not a num\n", "mtime is no number")]
    [InlineData("22 GNU.sparse.map=0,9\n", "beyond its end")]
    [InlineData("20 GNU.sparse.map=1\n", "map is broken")]
    public void Next_BrokenPaxRecord_IsRefused(string record, string words)
    {
        var fault = Assert.Throws<ContentException>(() => new TarReader(new MemoryStream(WithRecords(record))).Next());
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Next_HugeNumbersAndHeaders_AreRefusedBeforeAnythingIsReserved()
    {
        var longName = Header('L', "x", 1L << 40);
        Assert.Contains("expected at most", Assert.Throws<ContentException>(() => new TarReader(new MemoryStream(longName)).Next()).Message, StringComparison.Ordinal);
        var sparse = Encoding.ASCII.GetBytes(Line("GNU.sparse.major=1") + Line("GNU.sparse.minor=0") + Line("GNU.sparse.realsize=1"));
        var map = new byte[512];
        "999999999\n"u8.CopyTo(map);
        byte[] archive = [.. Header('x', "x", sparse.Length), .. Padded(sparse), .. Header('0', "f", 512), .. map];
        Assert.Contains("stretches", Assert.Throws<ContentException>(() => new TarReader(new MemoryStream(archive)).Next()).Message, StringComparison.Ordinal);
    }

    /// <summary>Whatever the bytes, the reader ends and throws nothing else than <see cref="ContentException"/>.</summary>
    [Fact]
    public void Next_AnyBytes_IsReadOrRefused() =>
        Gen.Select(Gen.Byte.Array[0, 4], Gen.Int[0, 4000], Gen.Byte)
            .Sample(
                (words, place, value) =>
                {
                    var bytes = WithRecords(Line("SCHILY.xattr.user.a=b") + Line("GNU.sparse.map=0,0"));
                    for (var index = 0; index < words.Length; index++)
                        bytes[(place + index * 7) % bytes.Length] = (byte)(words[index] ^ value);
                    var reader = new TarReader(new MemoryStream(bytes));
                    try
                    {
                        for (var count = 0; count < 20 && reader.Next() is not null; count++) { }
                    }
                    catch (ContentException) { }
                },
                iter: 20_000
            );

    private static string Line(string record) => string.Create(CultureInfo.InvariantCulture, $"{record.Length + (record.Length > 6 ? 4 : 3)} {record}\n");

    private static byte[] Padded(byte[] bytes) => [.. bytes, .. new byte[(512 - bytes.Length % 512) % 512]];

    private static byte[] WithRecords(string records)
    {
        var bytes = Encoding.Latin1.GetBytes(records);
        return [.. Header('x', "pax", bytes.Length), .. Padded(bytes), .. Header('0', "file", 3), .. Padded("abc"u8.ToArray()), .. new byte[1024]];
    }

    private static byte[] Header(char type, string name, long size)
    {
        var block = new byte[512];
        Encoding.ASCII.GetBytes(name).CopyTo(block, 0);
        Encoding.ASCII.GetBytes("0000644\00000000\00000000\0").CopyTo(block, 100);
        Encoding.ASCII.GetBytes(Convert.ToString(size, 8).PadLeft(11, '0')[^11..]).CopyTo(block, 124);
        if (size >= 1L << 33)
        {
            block.AsSpan(124, 12).Clear();
            block[124] = 0x80;
            System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(block.AsSpan(128), size);
        }
        Encoding.ASCII.GetBytes("00000000000\0").CopyTo(block, 136);
        block[156] = (byte)type;
        "ustar\000"u8.CopyTo(block.AsSpan(257));
        block.AsSpan(148, 8).Fill((byte)' ');
        var sum = block.Sum(part => part);
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0").CopyTo(block, 148);
        return block;
    }

    private static byte[] Archive(params TarEntry[] entries)
    {
        using var stream = new MemoryStream();
        var writer = new TarWriter(stream);
        foreach (var entry in entries)
        {
            writer.Begin(entry);
            writer.End();
        }
        writer.Finish();
        return stream.ToArray();
    }

    private static (string Listing, string Hashes) Read(string path)
    {
        using var stream = File.OpenRead(path);
        var tree = new FileTree();
        tree.Apply(0, new TarReader(stream), isLayer: false, TestContext.Current.CancellationToken);
        var lines = new List<string>();
        var hashes = new List<string>();
        var contents = new Dictionary<string, string>();
        var originals = tree.Walk().ToDictionary(file => file.Entry.Path, file => file.Entry);
        foreach (var (path2, entry) in originals)
        {
            var of = entry.Kind == TarEntryKind.HardLink ? originals[entry.LinkTarget] : entry;
            var letter = of.Kind switch
            {
                TarEntryKind.File => 'f',
                TarEntryKind.SymbolicLink => 'l',
                TarEntryKind.Directory => 'd',
                TarEntryKind.Fifo => 'p',
                TarEntryKind.CharacterDevice => 'c',
                _ => 'b',
            };
            var target = of.Kind == TarEntryKind.SymbolicLink ? of.LinkTarget : "";
            lines.Add($"{path2}|{letter}|{Convert.ToString(of.Mode, 8)}|{of.Owner}|{of.Group}|{target}");
            if (of.Kind != TarEntryKind.File)
                continue;
            if (!contents.TryGetValue(of.Path, out var hash))
                contents[of.Path] = hash = Hash(of, stream);
            hashes.Add($"{hash}  {path2}");
        }
        return (
            string.Join('\n', lines.Order(StringComparer.Ordinal).Select(AsUtf8)),
            string.Join('\n', hashes.OrderBy(line => line[66..], StringComparer.Ordinal).Select(AsUtf8))
        );
    }

    private static string AsUtf8(string bytes) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(bytes));

    private static string Hash(TarEntry entry, FileStream stream)
    {
        var content = new byte[entry.Length];
        stream.Position = entry.DataOffset;
        foreach (var stretch in entry.Stretches ?? [new TarStretch(0, entry.Length)])
            stream.ReadExactly(content.AsSpan((int)stretch.Offset, (int)stretch.Length));
        return Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content));
    }

    private async Task MakeTreeAsync()
    {
        var longName = new string('x', 120);
        await ShellAsync(
            _directory.File(""),
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                mkdir -p tree/{longName}/{longName} 'tree/odd name' tree/bin; cd tree
                echo one > {longName}/{longName}/file; echo two > 'odd name/ütf'; echo n > 'odd name/-rf *'
                head -c 100000 /dev/urandom > bin/random; ln bin/random bin/again; ln -s {longName}/{longName}/file link; ln -s /etc/passwd absolute
                mkfifo pipe; mknod null c 1 3; mknod disk b 259 70000; chmod 4755 bin/random; chmod 1777 bin; chown 1234:5678 'odd name'; chown 3000000:3000001 pipe
                truncate -s 5M sparse; printf abc | dd of=sparse bs=1 seek=1000000 conv=notrunc 2>/dev/null; printf end | dd of=sparse bs=1 seek=5242877 conv=notrunc 2>/dev/null
                truncate -s 3M empty; : > nothing
                """
            )
        );
    }

    private static Task<string> ShellAsync(string directory, string script) =>
        Programs.RunAsync("bash", ["-euc", $"cd '{directory}'\n{script}"]);
}
