using System.Buffers.Binary;

namespace StatelessSwarm.Fuzz.Mutation;

/// <summary>
/// Makes inputs from a corpus: one of its entries, changed one to eight times (bits flipped, bytes set to telling values, stretches
/// removed, repeated, moved or taken from another entry, numbers of 1, 2, 4 and 8 bytes nudged or set to their ends, dictionary
/// words put in, decimal numbers rewritten). Equal corpus, words, seed and number give the equal input, whatever came before.
/// </summary>
/// <param name="corpus">Entries, in a fixed order; may be empty.</param>
/// <param name="words">Byte strings that mean something to the reader.</param>
/// <param name="maxLength">Longest input made, in bytes.</param>
public sealed class Mutator(IReadOnlyList<byte[]> corpus, IReadOnlyList<byte[]> words, int maxLength)
{
    private const int MaxChanges = 8;
    private const int Kinds = 10;

    private static readonly byte[] TellingBytes = [0, 1, 0x20, 0x30, 0x39, 0x7f, 0x80, 0xc0, 0xff, (byte)'-', (byte)'e', (byte)':', (byte)'%'];

    private static readonly long[] TellingNumbers =
        [0, 1, -1, 16, 127, 128, 255, 256, 16384, 32767, 65535, 65536, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue];

    private static readonly string[] TellingDecimals =
        ["0", "-1", "00", "1", "16384", "65536", "2147483647", "2147483648", "4294967295", "9223372036854775807", "9223372036854775808"];

    /// <summary>Input number <paramref name="number"/> of the series of a seed.</summary>
    public byte[] Make(int seed, int number)
    {
        var random = new Random(unchecked(seed * 31 + number));
        var bytes = corpus.Count == 0 ? [] : new List<byte>(corpus[random.Next(corpus.Count)]);
        for (var changes = random.Next(1, MaxChanges + 1); changes > 0; changes--)
            Change(bytes, random);
        if (bytes.Count > maxLength)
            bytes.RemoveRange(maxLength, bytes.Count - maxLength);
        return [.. bytes];
    }

    private void Change(List<byte> bytes, Random random)
    {
        switch (random.Next(Kinds))
        {
            case 0 when bytes.Count > 0:
                bytes[random.Next(bytes.Count)] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when bytes.Count > 0:
                bytes[random.Next(bytes.Count)] = TellingBytes[random.Next(TellingBytes.Length)];
                break;
            case 2 when bytes.Count > 0:
                var (from, count) = Stretch(bytes.Count, random);
                bytes.RemoveRange(from, count);
                break;
            case 3 when bytes.Count > 0:
                (from, count) = Stretch(bytes.Count, random);
                bytes.InsertRange(random.Next(bytes.Count + 1), bytes.GetRange(from, count));
                break;
            case 4 when corpus.Count > 0:
                var other = corpus[random.Next(corpus.Count)];
                if (other.Length == 0)
                    break;
                (from, count) = Stretch(other.Length, random);
                bytes.InsertRange(random.Next(bytes.Count + 1), other.AsSpan(from, count).ToArray());
                break;
            case 5 when words.Count > 0:
                Put(bytes, words[random.Next(words.Count)], random);
                break;
            case 6:
                SetNumber(bytes, random);
                break;
            case 7:
                RewriteDecimal(bytes, random);
                break;
            case 8 when corpus.Count > 0:
                // Head of this one, tail of another.
                var tail = corpus[random.Next(corpus.Count)];
                var cut = random.Next(bytes.Count + 1);
                bytes.RemoveRange(cut, bytes.Count - cut);
                bytes.AddRange(tail.AsSpan(random.Next(tail.Length + 1)).ToArray());
                break;
            default:
                var noise = new byte[random.Next(1, 17)];
                random.NextBytes(noise);
                Put(bytes, noise, random);
                break;
        }
    }

    private static (int From, int Count) Stretch(int length, Random random)
    {
        var from = random.Next(length);
        var most = random.Next(4) == 0 ? length - from : Math.Min(16, length - from);
        return (from, random.Next(1, most + 1));
    }

    /// <summary>Inserts, or writes over what is there.</summary>
    private static void Put(List<byte> bytes, byte[] word, Random random)
    {
        var at = random.Next(bytes.Count + 1);
        if (random.Next(2) == 0)
            bytes.RemoveRange(at, Math.Min(word.Length, bytes.Count - at));
        bytes.InsertRange(at, word);
    }

    private static void SetNumber(List<byte> bytes, Random random)
    {
        var width = 1 << random.Next(4);
        if (bytes.Count < width)
            return;
        var at = random.Next(bytes.Count - width + 1);
        Span<byte> field = stackalloc byte[8];
        field.Clear();
        for (var index = 0; index < width; index++)
            field[8 - width + index] = bytes[at + index];
        var isLittle = random.Next(4) == 0;
        var before = BinaryPrimitives.ReadInt64BigEndian(field);
        var value = random.Next(2) == 0
            ? TellingNumbers[random.Next(TellingNumbers.Length)]
            : unchecked(before + random.Next(-16, 17));
        BinaryPrimitives.WriteInt64BigEndian(field, value);
        for (var index = 0; index < width; index++)
            bytes[at + index] = field[isLittle ? 7 - index : 8 - width + index];
    }

    private static void RewriteDecimal(List<byte> bytes, Random random)
    {
        if (bytes.Count == 0)
            return;
        var at = bytes.FindIndex(random.Next(bytes.Count), value => value is >= (byte)'0' and <= (byte)'9');
        if (at < 0)
            return;
        var end = at;
        while (end < bytes.Count && bytes[end] is >= (byte)'0' and <= (byte)'9')
            end++;
        bytes.RemoveRange(at, end - at);
        bytes.InsertRange(at, System.Text.Encoding.ASCII.GetBytes(TellingDecimals[random.Next(TellingDecimals.Length)]));
    }
}
