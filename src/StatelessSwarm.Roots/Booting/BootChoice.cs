using StatelessSwarm.Content.Values;
using StatelessSwarm.Roots.Slots;

namespace StatelessSwarm.Roots.Booting;

/// <summary>Which releases to try, in which order: a function of what is on the disk.</summary>
public static class BootChoice
{
    /// <summary>
    /// What is wanted by its digest, then next, current, previous, then the rest with the blessed ones first; bad ones come
    /// only when nothing else is there, the ones that were in use longest ago first: a machine that boots something is better
    /// than one that boots nothing.
    /// </summary>
    /// <param name="slots">The slots.</param>
    /// <param name="complete">Complete releases with their build numbers.</param>
    /// <param name="triesOf">The ledger.</param>
    /// <param name="pinned">The only release wanted, or null: then no other is offered.</param>
    public static IReadOnlyList<BootCandidate> Order(
        SlotState slots,
        IReadOnlyDictionary<Sha256Digest, long> complete,
        Func<Sha256Digest, BootTries?> triesOf,
        Sha256Digest? pinned = null
    )
    {
        ArgumentNullException.ThrowIfNull(slots);
        ArgumentNullException.ThrowIfNull(complete);
        ArgumentNullException.ThrowIfNull(triesOf);
        var all = complete
            .Keys.Where(release => pinned is null || release == pinned)
            .Select(release => new BootCandidate(release, PlaceOf(slots, release), triesOf(release) is { IsBad: true }))
            .ToList();
        var fit = all.Where(candidate => !candidate.IsBad)
            .OrderBy(candidate => candidate.Place)
            .ThenByDescending(candidate => triesOf(candidate.Release) is { IsGood: true })
            .ThenByDescending(candidate => complete[candidate.Release]);
        var bad = all.Where(candidate => candidate.IsBad)
            .OrderByDescending(candidate => candidate.Place)
            .ThenByDescending(candidate => complete[candidate.Release]);
        return [.. fit, .. bad];
    }

    private static BootPlace PlaceOf(SlotState slots, Sha256Digest release) =>
        release == slots.Next ? BootPlace.Next
        : release == slots.Current ? BootPlace.Current
        : release == slots.Previous ? BootPlace.Previous
        : BootPlace.Other;
}
