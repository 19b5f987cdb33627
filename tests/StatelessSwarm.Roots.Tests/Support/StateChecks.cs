using StatelessSwarm.Roots.Slots;

namespace StatelessSwarm.Roots.Tests.Support;

/// <summary>The invariants I1 and I2: looked at from outside, by the names on disk.</summary>
internal static class StateChecks
{
    /// <summary>What a boot would find now: the release that the link <c>roots/current</c> leads to, byte for byte.</summary>
    public static SampleRelease? Current(string state, params SampleRelease[] known) => Slot(state, RootSlots.Current, known);

    /// <summary>Every slot leads nowhere or to a complete release.</summary>
    public static void SlotsAreSound(string state, params SampleRelease[] known)
    {
        foreach (var slot in (string[])[RootSlots.Current, RootSlots.Next, RootSlots.Previous])
            Slot(state, slot, known);
    }

    /// <summary>Nothing unfinished lies about.</summary>
    public static void IsTidy(string state)
    {
        Assert.Empty(
            Directory
                .EnumerateFileSystemEntries(Path.Combine(state, "roots"))
                .Select(path => Path.GetFileName(path))
                .Except([RootSlots.Current, RootSlots.Next, RootSlots.Previous], StringComparer.Ordinal)
        );
    }

    private static SampleRelease? Slot(string state, string slot, SampleRelease[] known)
    {
        var link = new DirectoryInfo(Path.Combine(state, "roots", slot));
        if (link.LinkTarget is not { } text)
            return null;
        Assert.True(SlotRecord.TryReadLink(text, out var digest), $"{slot} links to {text}");
        var release = Assert.Single(known, sample => sample.Digest == digest);
        Assert.True(release.IsIn(link.FullName), $"{slot} -> {text} is not complete");
        return release;
    }
}
