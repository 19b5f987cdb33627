using StatelessSwarm.Content.Values;
using StatelessSwarm.Roots.Releases;

namespace StatelessSwarm.Roots.Slots;

/// <summary>
/// Releases that an operator wants kept on this machine whatever the slots name: an empty file each, named by digest, below
/// <c>pins/</c> of the state directory.
/// </summary>
public static class PinnedReleases
{
    /// <summary>Pinned releases, ascending; names that are no digests are not ours.</summary>
    public static IReadOnlyList<Sha256Digest> Read(ReleaseStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        if (!Directory.Exists(store.Layout.Pins))
            return [];
        var pins = new List<Sha256Digest>();
        foreach (var path in Directory.EnumerateFiles(store.Layout.Pins))
        {
            var name = Path.GetFileName(path);
            if (Sha256Digest.TryParseHex(name, out var digest) && digest.ToString() == name)
                pins.Add(digest);
        }
        pins.Sort();
        return pins;
    }

    /// <summary>Pins a release that is here. Durable.</summary>
    /// <returns>False when it was pinned already.</returns>
    /// <exception cref="IOException">It is not here, or the pin cannot be written.</exception>
    public static bool Pin(ReleaseStore store, Sha256Digest release)
    {
        ArgumentNullException.ThrowIfNull(store);
        using var taken = store.TakeLock();
        if (store.Find(release) is null)
            throw new IOException($"{store.Layout.ReleaseOf(release)}: no such release here");
        var path = store.Layout.PinOf(release);
        if (File.Exists(path))
            return false;
        store.Files.CreateDirectory(store.Layout.Pins);
        store.Files.SyncDirectory(store.Layout.State);
        store.Files.WriteFile(path, []);
        store.Files.SyncData(path);
        store.Files.SyncDirectory(store.Layout.Pins);
        return true;
    }

    /// <summary>Takes a pin away. Durable.</summary>
    /// <returns>False when there was none.</returns>
    /// <exception cref="IOException">The pin cannot be removed.</exception>
    public static bool Unpin(ReleaseStore store, Sha256Digest release)
    {
        ArgumentNullException.ThrowIfNull(store);
        using var taken = store.TakeLock();
        var path = store.Layout.PinOf(release);
        if (!File.Exists(path))
            return false;
        store.Files.Remove(path);
        store.Files.SyncDirectory(store.Layout.Pins);
        return true;
    }
}
