using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Roots.Slots;

/// <summary>Which releases the slots name; null for an empty slot.</summary>
/// <param name="Current">The release the machine runs, or boots.</param>
/// <param name="Next">Complete and waiting to be activated.</param>
/// <param name="Previous">What was current before.</param>
public sealed record SlotState(Sha256Digest? Current, Sha256Digest? Next, Sha256Digest? Previous);
