using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Roots.Slots;

/// <summary>
/// What a change makes of the slots: pure functions from state to state. For every result, given a sound state: current is
/// set if it was set, and neither next nor previous equals current.
/// </summary>
internal static class SlotChange
{
    /// <summary>A release becomes next. The current one needs no activation: then nothing is next.</summary>
    internal static SlotState Offer(SlotState slots, Sha256Digest release) =>
        slots with { Next = release == slots.Current ? null : release };

    /// <summary>Next becomes current, current becomes previous. Null when nothing is next.</summary>
    internal static SlotState? Activate(SlotState slots)
    {
        if (slots.Next is not { } next)
            return null;
        if (next == slots.Current)
            return slots with { Next = null };
        var previous = slots.Current ?? slots.Previous;
        return new SlotState(next, null, previous == next ? null : previous);
    }

    /// <summary>Current and previous change places. Null when there is no previous.</summary>
    internal static SlotState? RollBack(SlotState slots)
    {
        if (slots.Previous is not { } previous)
            return null;
        if (previous == slots.Current)
            return slots with { Previous = null };
        return new SlotState(previous, slots.Next == previous ? null : slots.Next, slots.Current);
    }
}
