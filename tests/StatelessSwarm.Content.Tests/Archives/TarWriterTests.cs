using CsCheck;
using StatelessSwarm.Content.Archives;

namespace StatelessSwarm.Content.Tests.Archives;

/// <summary>What we write, read by us and by GNU tar.</summary>
public sealed class TarWriterTests : IDisposable
{
    private static readonly Gen<string> _name = Gen.Char['\u0001', '\u00ff'].Where(letter => letter != '/').Array[1, 200].Select(letters => new string(letters)).Where(name => name is not ("." or ".."));

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Write_AnyEntry_IsReadAsItWas() =>
        Gen.Select(
                _name.Array[1, 3],
                Gen.Enum<TarEntryKind>(),
                Gen.Int[0, 0xFFF],
                Gen.UInt,
                Gen.UInt,
                Gen.Byte.Array[0, 2000],
                Gen.Select(Gen.Char['a', 'z'].Array[1, 9], Gen.Byte.Array[1, 300]).Array[0, 3]
            )
            .Sample((names, kind, mode, owner, group, content, attributes) =>
            {
                var isDevice = kind is TarEntryKind.CharacterDevice or TarEntryKind.BlockDevice;
                var entry = new TarEntry
                {
                    Path = string.Join('/', names),
                    Kind = kind,
                    Mode = mode,
                    Owner = owner,
                    Group = group,
                    Length = kind == TarEntryKind.File ? content.Length : 0,
                    LinkTarget = kind is TarEntryKind.HardLink or TarEntryKind.SymbolicLink ? names[0] : "",
                    Major = isDevice ? owner % (1 << 21) : 0,
                    Minor = isDevice ? group % (1 << 21) : 0,
                    Attributes = [.. attributes.Select(pair => new TarAttribute("user." + new string(pair.Item1), pair.Item2)).DistinctBy(one => one.Name).OrderBy(one => one.Name, StringComparer.Ordinal)],
                };
                using var stream = new MemoryStream();
                var writer = new TarWriter(stream);
                writer.Begin(entry);
                if (kind == TarEntryKind.File)
                    writer.Write(content);
                writer.End();
                writer.Finish();
                stream.Position = 0;
                var reader = new TarReader(stream);
                var read = reader.Next()!;
                var back = new byte[content.Length + 1];
                Assert.Equal(entry.Length, reader.Read(back));
                Assert.True(kind != TarEntryKind.File || back.AsSpan(0, content.Length).SequenceEqual(content));
                Assert.Equal(entry.Attributes.Select(Shown), read.Attributes.Select(Shown));
                var none = Array.Empty<TarAttribute>();
                Assert.Equal(entry with { Attributes = none, AccessLists = none }, read with { DataOffset = 0, Attributes = none, AccessLists = none });
                Assert.Null(reader.Next());
            });

    [Fact]
    public async Task Write_TreeOfEverything_IsUnpackedByGnuTar()
    {
        var content = new byte[100_000];
        new Random(1).NextBytes(content);
        await using (var stream = File.Create(_directory.File("a.tar")))
        {
            var writer = new TarWriter(stream);
            foreach (
                var entry in (TarEntry[])[
                    new() { Path = "", Kind = TarEntryKind.Directory, Mode = 0x1C0 },
                    new() { Path = "odd\u00ff\n name", Kind = TarEntryKind.File, Mode = 0x9ED, Owner = 3_000_000_000, Group = 7, Length = content.Length, Attributes = [new("user.a", new byte[] { 0, 10, 255 })] },
                    new() { Path = "other", Kind = TarEntryKind.HardLink, LinkTarget = "odd\u00ff\n name" },
                    new() { Path = new string('s', 150), Kind = TarEntryKind.File, Mode = 0x180, Length = 5_000_000, Stretches = [new(4096, content.Length), new(5_000_000, 0)] },
                    new() { Path = "link", Kind = TarEntryKind.SymbolicLink, LinkTarget = new string('t', 300) },
                    new() { Path = "dev", Kind = TarEntryKind.CharacterDevice, Mode = 0x1B6, Major = 259, Minor = 70000 },
                ]
            )
            {
                writer.Begin(entry);
                if (entry.Kind == TarEntryKind.File)
                    writer.Write(content);
                writer.End();
            }
            writer.Finish();
        }
        var output = await ShellAsync(
            _directory.File(""),
            "mkdir out; tar --xattrs --xattrs-include='*' --numeric-owner -xpf a.tar -C out; cd out; stat -c '%a' .; stat -c '%a %u %g %h %s' odd*; getfattr -n user.a -e hex --only-values odd* | xxd -p;"
                + " readlink link | wc -c; stat -c '%t %T' dev; sha256sum < other;  stat -c '%s %a' sss*; tail -c +4097 sss* | head -c 100000 | sha256sum; test $(stat -c %b sss*) -lt 1000; cd ..; rm -r out"
        );
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content));
        Assert.Equal($"700\n4755 3000000000 7 2 100000\n000aff\n301\n103 11170\n{hash}  -\n5000000 600\n{hash}  -", output);
    }

    private static string Shown(TarAttribute attribute) => attribute.Name + "=" + Convert.ToHexString(attribute.Value.Span);

    private static Task<string> ShellAsync(string directory, string script) =>
        Programs.RunAsync("bash", ["-euc", $"cd '{directory}'\n{script}"]);
}
