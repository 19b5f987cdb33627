using StatelessSwarm.Content.Values;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Roots.Slots;

namespace StatelessSwarm.Node.Status;

/// <summary>Describes the slots with versions from the releases' manifests.</summary>
internal static class SlotsReader
{
    /// <summary>A status that holds the slots and nothing else.</summary>
    public static NodeStatus Describe(ReleaseStore store, SlotState slots, Sha256Digest? held) =>
        new()
        {
            Current = Describe(store, slots.Current),
            Next = Describe(store, slots.Next),
            Previous = Describe(store, slots.Previous),
            Held = Describe(store, held),
        };

    private static SlotRelease? Describe(ReleaseStore store, Sha256Digest? digest) =>
        digest is not { } release ? null
        : store.Find(release)?.Manifest is { } manifest ? new SlotRelease(release, manifest.Version, manifest.Build)
        : new SlotRelease(release, "", 0);
}
