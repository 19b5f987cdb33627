using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Roots.Slots;

/// <summary>Which releases stay on the machine when the rest is collected.</summary>
public static class RetentionPolicy
{
    /// <summary>Current, next and previous, what is pinned, and what is mounted or being fetched.</summary>
    /// <param name="slots">The slots now.</param>
    /// <param name="pinned">Kept because an operator said so.</param>
    /// <param name="inUse">Mounted, served under a lease, or in staging for a download that goes on.</param>
    public static IReadOnlySet<Sha256Digest> Keep(
        SlotState slots,
        IEnumerable<Sha256Digest> pinned,
        IEnumerable<Sha256Digest>? inUse = null
    )
    {
        ArgumentNullException.ThrowIfNull(slots);
        var keep = new HashSet<Sha256Digest>(pinned);
        keep.UnionWith(inUse ?? []);
        foreach (var slot in (ReadOnlySpan<Sha256Digest?>)[slots.Current, slots.Next, slots.Previous])
        {
            if (slot is { } release)
                keep.Add(release);
        }
        return keep;
    }
}
