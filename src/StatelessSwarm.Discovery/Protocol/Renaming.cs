using System.Globalization;
using System.Text;
using StatelessSwarm.Discovery.Messages;

namespace StatelessSwarm.Discovery.Protocol;

/// <summary>
/// New names after a conflict (RFC 6762 9): 2, then 3, then random, because five hundred machines from one image may all
/// start with one name and counting would take as many rounds.
/// </summary>
internal static class Renaming
{
    private const int LastCounted = 3;

    /// <summary>A host label: <c>web-2</c>.</summary>
    public static string Host(string label, int attempt, Random random) => Append(label, $"-{Mark(attempt, random)}");

    /// <summary>A service instance label: <c>web (2)</c>.</summary>
    public static string Instance(string label, int attempt, Random random) =>
        Append(label, $" ({Mark(attempt, random)})");

    private static string Mark(int attempt, Random random) =>
        attempt <= LastCounted
            ? attempt.ToString(CultureInfo.InvariantCulture)
            : random.Next(1 << 24).ToString("x6", CultureInfo.InvariantCulture);

    // Cuts whole characters until label and suffix fit into 63 bytes.
    private static string Append(string label, string suffix)
    {
        var runes = label.EnumerateRunes().ToList();
        while (
            runes.Sum(rune => rune.Utf8SequenceLength) + Encoding.UTF8.GetByteCount(suffix) > DomainName.MaxLabelLength
        )
            runes.RemoveAt(runes.Count - 1);
        return string.Concat(runes) + suffix;
    }
}
