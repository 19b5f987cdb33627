using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Roots.Slots;

/// <summary>
/// The texts of the links in <c>roots/</c>. A slot: <c>../releases/DIGEST</c>. The record of a change under way
/// (<c>.change</c>, a link too, because making one is a single atomic call): <c>1:CURRENT:NEXT:PREVIOUS</c>, the state after
/// the change, <c>-</c> for an empty slot.
/// </summary>
internal static class SlotRecord
{
    private const string ReleasePrefix = "../releases/";
    private const string Version = "1";

    /// <summary>Text of a slot's link.</summary>
    internal static string LinkTo(Sha256Digest release) => ReleasePrefix + release;

    /// <summary>Reads a slot's link text.</summary>
    internal static bool TryReadLink(string text, out Sha256Digest release)
    {
        release = default;
        return text.StartsWith(ReleasePrefix, StringComparison.Ordinal)
            && Sha256Digest.TryParseHex(text.AsSpan(ReleasePrefix.Length), out release)
            && LinkTo(release) == text;
    }

    /// <summary>Text of a change's record.</summary>
    internal static string Write(SlotState after) =>
        string.Join(':', Version, Name(after.Current), Name(after.Next), Name(after.Previous));

    /// <summary>Reads a change's record; null for anything else.</summary>
    internal static SlotState? TryRead(string text)
    {
        var fields = text.Split(':');
        if (
            fields.Length != 4
            || fields[0] != Version
            || !TryName(fields[1], out var current)
            || !TryName(fields[2], out var next)
            || !TryName(fields[3], out var previous)
        )
            return null;
        return new SlotState(current, next, previous);
    }

    private static string Name(Sha256Digest? release) => release?.ToString() ?? "-";

    private static bool TryName(string field, out Sha256Digest? release)
    {
        release = null;
        if (field == "-")
            return true;
        if (!Sha256Digest.TryParseHex(field, out var digest))
            return false;
        release = digest;
        return true;
    }
}
