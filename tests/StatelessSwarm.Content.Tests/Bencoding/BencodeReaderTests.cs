using System.Text;
using CsCheck;
using StatelessSwarm.Content.Bencoding;

namespace StatelessSwarm.Content.Tests.Bencoding;

public sealed class BencodeReaderTests
{
    [Theory]
    [InlineData("i0e", 0)]
    [InlineData("i42e", 42)]
    [InlineData("i-1e", -1)]
    [InlineData("i9223372036854775807e", long.MaxValue)]
    [InlineData("i-9223372036854775808e", long.MinValue)]
    public void Parse_Integer_Value(string text, long expected)
    {
        Assert.True(BencodeValue.Parse(Bytes(text)).TryGetInteger(out var value));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("", BencodeFault.Truncated, 0)]
    [InlineData("i", BencodeFault.Truncated, 1)]
    [InlineData("i12", BencodeFault.Truncated, 3)]
    [InlineData("ie", BencodeFault.BadInteger, 0)]
    [InlineData("i-e", BencodeFault.BadInteger, 0)]
    [InlineData("i-0e", BencodeFault.BadInteger, 0)]
    [InlineData("i01e", BencodeFault.BadInteger, 0)]
    [InlineData("i1.5e", BencodeFault.BadInteger, 2)]
    [InlineData("i9223372036854775808e", BencodeFault.BadInteger, 0)]
    [InlineData("i-9223372036854775809e", BencodeFault.BadInteger, 0)]
    [InlineData("i99999999999999999999e", BencodeFault.BadInteger, 20)]
    [InlineData("5:spam", BencodeFault.Truncated, 0)]
    [InlineData("05:spam!", BencodeFault.BadLength, 1)]
    [InlineData("4spam", BencodeFault.BadLength, 1)]
    [InlineData("2147483648:x", BencodeFault.BadLength, 0)]
    [InlineData("99999999999999999999999:x", BencodeFault.BadLength, 0)]
    [InlineData("2147483647:x", BencodeFault.Truncated, 0)]
    [InlineData("x", BencodeFault.ExpectedValue, 0)]
    [InlineData("e", BencodeFault.ExpectedValue, 0)]
    [InlineData("-1:", BencodeFault.ExpectedValue, 0)]
    [InlineData("l", BencodeFault.Truncated, 1)]
    [InlineData("li1e", BencodeFault.Truncated, 4)]
    [InlineData("d", BencodeFault.Truncated, 1)]
    [InlineData("d1:ae", BencodeFault.ExpectedValue, 4)]
    [InlineData("di1ei2ee", BencodeFault.ExpectedKey, 1)]
    [InlineData("dlei2ee", BencodeFault.ExpectedKey, 1)]
    [InlineData("d1:bi1e1:ai2ee", BencodeFault.KeyOrder, 7)]
    [InlineData("d1:ai1e1:ai2ee", BencodeFault.KeyOrder, 7)]
    [InlineData("d1:ad1:xle1:wleee", BencodeFault.KeyOrder, 10)]
    public void Read_BrokenInput_NamesRuleAndOffset(string text, BencodeFault fault, int offset)
    {
        var reader = new BencodeReader(Bytes(text), canonical: true);
        while (reader.TryRead()) { }
        Assert.Equal((fault, offset), (reader.Fault, reader.FaultOffset));
        Assert.False(reader.TryRead());
        var thrown = Assert.Throws<ContentException>(() => BencodeValue.Parse(Bytes(text), canonical: true));
        Assert.StartsWith($"bencode: byte {offset}: expected ", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_UnsortedKeys_FineUnlessCanonical() =>
        Assert.True(BencodeValue.TryParse(Bytes("d1:bi1e1:ai2ee"), out _));

    [Fact]
    public void Parse_TrailingBytes_Refused()
    {
        Assert.Throws<ContentException>(() => BencodeValue.Parse(Bytes("i1ei2e")));
        Assert.False(BencodeValue.TryParse(Bytes("i1ei2e"), out _));
        Assert.True(BencodeValue.TryParsePrefix(Bytes("d1:xi1eeDATA"), out var value, out var consumed));
        Assert.Equal(8, consumed);
        Assert.True(value.TryGetInteger("x"u8, out _));
    }

    [Theory]
    [InlineData('l')]
    [InlineData('d')]
    public void Parse_Depth_LimitedTo64(char container)
    {
        var open = container == 'l' ? "l" : "d0:";
        Assert.True(BencodeValue.TryParse(Nested(open, 63, container == 'l' ? "le" : "de"), out _));
        Assert.False(BencodeValue.TryParse(Nested(open, 64, container == 'l' ? "le" : "de"), out _));
        var deep = Assert.Throws<ContentException>(() => BencodeValue.Parse(Nested(open, 1_000_000, "i1e")));
        Assert.Contains("64 nested", deep.Message, StringComparison.Ordinal);

        static byte[] Nested(string open, int count, string core) =>
            Bytes(string.Concat(Enumerable.Repeat(open, count)) + core + new string('e', count));
    }

    [Fact]
    public void Skip_Key_PassesItsWholeValue()
    {
        var reader = new BencodeReader("d1:ali1ed1:xleee1:bi7ee"u8);
        reader.Read();
        reader.Read();
        Assert.True(reader.IsKey);
        reader.Skip();
        reader.Read();
        Assert.True(reader.String.SequenceEqual("b"u8));
        reader.Read();
        Assert.Equal(7, reader.Integer);
        reader.Read();
        Assert.True(reader.IsComplete);
    }

    [Fact]
    public void Value_Lookups_FindEntriesAndRawBytes()
    {
        var value = BencodeValue.Parse(Bytes("d1:ad1:bl3:onei2eee1:ci-5e1:d0:e"));
        Assert.True(value.TryGet("a"u8, out var inner));
        Assert.Equal("d1:bl3:onei2eee", Encoding.ASCII.GetString(inner.Raw.Span));
        Assert.True(inner.TryGet("b"u8, out var list));
        var kinds = new List<BencodeKind>();
        foreach (var item in list.EnumerateList())
            kinds.Add(item.Kind);
        Assert.Equal([BencodeKind.String, BencodeKind.Integer], kinds);
        Assert.True(value.TryGetInteger("c"u8, out var number));
        Assert.Equal(-5, number);
        Assert.True(value.TryGetString("d"u8, out var empty));
        Assert.True(empty.IsEmpty);
        Assert.False(value.TryGet("z"u8, out _));
        Assert.False(value.TryGetString("c"u8, out _));
        Assert.False(number.Equals(0) || default(BencodeValue).TryGet("a"u8, out _));
    }

    [Fact]
    public void Parse_Truncations_NeverAccepted()
    {
        var whole = Bytes("d1:ad1:bl3:onei2eee1:ci-5e1:d0:e");
        for (var length = 0; length < whole.Length; length++)
            Assert.False(BencodeValue.TryParse(whole.AsMemory(0, length), out _));
    }

    [Fact]
    public void Writer_AnyTree_ReadsBackCanonical() =>
        Trees.Sample(tree =>
        {
            var writer = new BencodeWriter();
            tree.Write(writer);
            var bytes = writer.ToArray();
            var value = BencodeValue.Parse(bytes, canonical: true);
            var again = new BencodeWriter();
            Copy(value, again);
            Assert.Equal(bytes, again.ToArray());
        }, iter: 2000);

    [Fact]
    public void Parse_MutatedBytes_OnlyContentException() =>
        Gen.Select(Trees, Gen.Int[0, 10_000], Gen.Byte, Gen.Int[0, 3]).Sample((tree, at, value, how) =>
        {
            var writer = new BencodeWriter();
            tree.Write(writer);
            var bytes = writer.ToArray().ToList();
            at %= bytes.Count;
            switch (how)
            {
                case 0:
                    bytes[at] = value;
                    break;
                case 1:
                    bytes.Insert(at, value);
                    break;
                case 2:
                    bytes.RemoveAt(at);
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
            if (BencodeValue.TryParse(bytes.ToArray(), out var parsed))
                Copy(parsed, new BencodeWriter(), tolerant: true);
        }, iter: 5000);

    [Fact]
    public void Parse_RandomBytes_OnlyContentException() =>
        Gen.OneOf(Gen.Byte, Gen.Const((byte)'d'), Gen.Const((byte)'l'), Gen.Const((byte)'e'), Gen.Const((byte)'1'), Gen.Const((byte)':'))
            .Array[0, 60]
            .Sample(bytes =>
            {
                try
                {
                    BencodeValue.Parse(bytes);
                }
                catch (ContentException) { }
            }, iter: 20_000);

    [Fact]
    public void Writer_WrongOrder_Throws()
    {
        var writer = new BencodeWriter();
        writer.StartDictionary();
        Assert.Throws<InvalidOperationException>(() => writer.WriteInteger(1));
        writer.WriteEntry("b"u8, 1);
        Assert.Throws<InvalidOperationException>(() => writer.WriteKey("a"u8));
        Assert.Throws<InvalidOperationException>(() => writer.ToArray());
        writer.WriteKey("c"u8);
        Assert.Throws<InvalidOperationException>(writer.End);
    }

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    private static void Copy(BencodeValue value, BencodeWriter writer, bool tolerant = false)
    {
        switch (value.Kind)
        {
            case BencodeKind.Integer:
                Assert.True(value.TryGetInteger(out var number));
                writer.WriteInteger(number);
                break;
            case BencodeKind.String:
                Assert.True(value.TryGetString(out var text));
                writer.WriteString(text.Span);
                break;
            case BencodeKind.List:
                writer.StartList();
                foreach (var item in value.EnumerateList())
                    Copy(item, writer, tolerant);
                writer.End();
                break;
            default:
                writer.StartDictionary();
                var number2 = 0;
                foreach (var (key, entry) in value.EnumerateDictionary())
                {
                    writer.WriteKey(tolerant ? Bytes($"{number2++:D9}") : key.Span);
                    Copy(entry, writer, tolerant);
                }
                writer.End();
                break;
        }
    }

    private abstract record Tree
    {
        public abstract void Write(BencodeWriter writer);
    }

    private sealed record Number(long Value) : Tree
    {
        public override void Write(BencodeWriter writer) => writer.WriteInteger(Value);
    }

    private sealed record Text(byte[] Value) : Tree
    {
        public override void Write(BencodeWriter writer) => writer.WriteString(Value);
    }

    private sealed record Sequence(Tree[] Items) : Tree
    {
        public override void Write(BencodeWriter writer)
        {
            writer.StartList();
            foreach (var item in Items)
                item.Write(writer);
            writer.End();
        }
    }

    private sealed record Map((string Key, Tree Value)[] Entries) : Tree
    {
        public override void Write(BencodeWriter writer)
        {
            writer.StartDictionary();
            foreach (var (key, value) in Entries.DistinctBy(e => e.Key).OrderBy(e => e.Key, StringComparer.Ordinal))
            {
                writer.WriteKey(Bytes(key));
                value.Write(writer);
            }
            writer.End();
        }
    }

    private static readonly Gen<Tree> Trees = Gen.Recursive<Tree>((depth, self) =>
    {
        var leaf = Gen.OneOf<Tree>(
            Gen.Long.Select(value => (Tree)new Number(value)),
            Gen.Byte.Array[0, 12].Select(value => (Tree)new Text(value))
        );
        return depth > 4
            ? leaf
            : Gen.OneOf<Tree>(
                leaf,
                self.Array[0, 3].Select(items => (Tree)new Sequence(items)),
                Gen.Select(Gen.String[Gen.Char['a', 'd'], 0, 3], self).Array[0, 3].Select(entries => (Tree)new Map(entries))
            );
    });
}
