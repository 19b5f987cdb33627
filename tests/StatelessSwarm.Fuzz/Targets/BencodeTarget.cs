using StatelessSwarm.Content;
using StatelessSwarm.Content.Bencoding;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary>
/// <see cref="BencodeReader"/> and <see cref="BencodeValue"/>: both agree on what is one value; a canonical value is rebuilt byte for
/// byte by <see cref="BencodeWriter"/> from what the walkers hand out.
/// </summary>
internal sealed class BencodeTarget : FuzzTarget
{
    public override string Name => "bencode";

    public override IReadOnlyList<byte[]> Words => WordsOf("d", "l", "e", "i0e", "i-0e", "i-1e", "0:", "1:a", "00:", "d0:", "99999999999:", new string('l', 63), new string('e', 63));

    public override void Run(ReadOnlySpan<byte> input)
    {
        var bytes = input.ToArray();
        var isValue = BencodeValue.TryParse(bytes, out var value);
        if (BencodeValue.TryParsePrefix(bytes, out var prefix, out var consumed))
            Require(prefix.Raw.Length == consumed && consumed <= bytes.Length, "a prefix is as long as it says");
        Require(!isValue || consumed == bytes.Length, "a whole value is its own prefix");
        try
        {
            Require(BencodeValue.Parse(bytes).Raw.Length == bytes.Length && isValue, "both ways of reading agree");
        }
        catch (ContentException)
        {
            Require(!isValue, "both ways of reading agree");
        }
        if (!isValue)
            return;
        var isCanonical = BencodeValue.TryParse(bytes, out _, canonical: true);
        var writer = new BencodeWriter();
        if (isCanonical)
        {
            Copy(value, writer, 0);
            Require(writer.WrittenSpan.SequenceEqual(input), "a canonical value is written as it was read");
        }
        else
        {
            Walk(value, 0);
        }
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        yield return ("integer", "i-42e"u8.ToArray());
        yield return ("list", "li1e4:spamlee"u8.ToArray());
        yield return ("dictionary", "d3:bar4:spam3:fooi42e4:listl1:a1:bee"u8.ToArray());
        yield return ("deep", [.. Enumerable.Repeat((byte)'l', 64), .. Enumerable.Repeat((byte)'e', 64)]);
    }

    private static void Copy(BencodeValue value, BencodeWriter writer, int depth)
    {
        Require(depth <= BencodeReader.MaxDepth, "no deeper than allowed");
        switch (value.Kind)
        {
            case BencodeKind.Integer:
                Require(value.TryGetInteger(out var number), "an integer has a value");
                writer.WriteInteger(number);
                break;
            case BencodeKind.String:
                value.TryGetString(out var text);
                writer.WriteString(text.Span);
                break;
            case BencodeKind.List:
                writer.StartList();
                foreach (var item in value.EnumerateList())
                    Copy(item, writer, depth + 1);
                writer.End();
                break;
            default:
                writer.StartDictionary();
                foreach (var (key, item) in value.EnumerateDictionary())
                {
                    writer.WriteKey(key.Span);
                    Copy(item, writer, depth + 1);
                }
                writer.End();
                break;
        }
    }

    private static void Walk(BencodeValue value, int depth)
    {
        Require(depth <= BencodeReader.MaxDepth, "no deeper than allowed");
        foreach (var item in value.EnumerateList())
            Walk(item, depth + 1);
        foreach (var (key, item) in value.EnumerateDictionary())
        {
            Require(value.TryGet(key.Span, out _), "a key that is there is found");
            Walk(item, depth + 1);
        }
    }
}
