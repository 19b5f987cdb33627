using System.Text;
using StatelessSwarm.Content.Bencoding;

namespace StatelessSwarm.Content.Tests.Torrents;

/// <summary>Bencode as loose objects (long, byte[], List, SortedDictionary), for building what no builder of ours builds.</summary>
internal sealed class Loose : SortedDictionary<string, object>
{
    public Loose()
        : base(StringComparer.Ordinal) { }

    public Loose At(string key) => (Loose)this[key];

    public List<object> ListAt(string key) => (List<object>)this[key];

    public static Loose Read(ReadOnlyMemory<byte> bytes) => (Loose)Read(BencodeValue.Parse(bytes));

    public byte[] Write()
    {
        var writer = new BencodeWriter();
        Write(writer, this);
        return writer.ToArray();
    }

    private static object Read(BencodeValue value)
    {
        if (value.TryGetInteger(out var number))
            return number;
        if (value.TryGetString(out var text))
            return Encoding.Latin1.GetString(text.Span);
        if (value.Kind == BencodeKind.List)
        {
            var list = new List<object>();
            foreach (var item in value.EnumerateList())
                list.Add(Read(item));
            return list;
        }
        var dictionary = new Loose();
        foreach (var (key, entry) in value.EnumerateDictionary())
            dictionary.Add(Encoding.Latin1.GetString(key.Span), Read(entry));
        return dictionary;
    }

    private static void Write(BencodeWriter writer, object value)
    {
        switch (value)
        {
            case int or long:
                writer.WriteInteger(Convert.ToInt64(value));
                break;
            case string text:
                writer.WriteString(Encoding.Latin1.GetBytes(text));
                break;
            case List<object> list:
                writer.StartList();
                foreach (var item in list)
                    Write(writer, item);
                writer.End();
                break;
            case Loose dictionary:
                writer.StartDictionary();
                foreach (var (key, entry) in dictionary)
                {
                    writer.WriteKey(Encoding.Latin1.GetBytes(key));
                    Write(writer, entry);
                }
                writer.End();
                break;
            default:
                throw new ArgumentException($"{value.GetType()} is not bencode.", nameof(value));
        }
    }
}
