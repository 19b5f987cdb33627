using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Node.Activation;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Status;
using StatelessSwarm.Node.Updating;
using StatelessSwarm.Platform.Files;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Roots.Slots;

namespace StatelessSwarm.Node.Hosting;

/// <summary>A node's state directory without its daemon: what it is, and changes of the slots.</summary>
public static class OfflineNode
{
    private const int LeastDigestLetters = 8;

    /// <summary>Reads the state directory.</summary>
    /// <exception cref="NodeException">There is none.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static NodeStatus ReadStatus(string stateDirectory, string? mountDirectory)
    {
        var store = OpenExisting(stateDirectory);
        var held = new RolledBack(stateDirectory).Release;
        return SlotsReader.Describe(store, RootSlots.Open(store).Read(), held) with
        {
            NodeId = NodeIdentity.TryRead(stateDirectory) ?? "",
            MountedRoot = MountedRootIn(mountDirectory),
            Updates = UpdateRecords.Open(stateDirectory, NullLogger.Instance).All,
        };
    }

    /// <summary>Makes next, or what was rolled back, current.</summary>
    /// <exception cref="NodeException">There is no state directory, or nothing is next.</exception>
    /// <exception cref="IOException">It could not be mounted or linked; current is as it was.</exception>
    public static async Task<UpdateResult> ActivateAsync(
        string stateDirectory,
        string? mountDirectory,
        long upperBytes,
        CancellationToken cancellation
    )
    {
        using var activator = Open(stateDirectory, mountDirectory, upperBytes);
        return await activator.ActivateAsync(cancellation);
    }

    /// <summary>Exchanges current and previous.</summary>
    /// <exception cref="NodeException">There is no state directory, or no previous.</exception>
    /// <exception cref="IOException">It could not be mounted or linked; current is as it was.</exception>
    public static async Task<UpdateResult> RollBackAsync(
        string stateDirectory,
        string? mountDirectory,
        long upperBytes,
        CancellationToken cancellation
    )
    {
        using var activator = Open(stateDirectory, mountDirectory, upperBytes);
        return await activator.RollBackAsync(cancellation);
    }

    /// <summary>Deletes what no slot names and nobody pinned, or only lists it.</summary>
    /// <exception cref="NodeException">There is no state directory, or another process uses it.</exception>
    /// <exception cref="IOException">The file system failed.</exception>
    public static async Task<CollectResult> CollectAsync(
        string stateDirectory,
        string? mountDirectory,
        long upperBytes,
        bool isDryRun,
        CancellationToken cancellation
    )
    {
        var store = OpenExisting(stateDirectory);
        using var held = TakeLock(stateDirectory);
        using var activator = Open(stateDirectory, mountDirectory, upperBytes);
        var result = new CollectResult(store.ListCollectable(RetentionPolicy.Keep(activator.Slots, [])));
        if (!isDryRun)
            await activator.CollectAsync([], cancellation);
        return result;
    }

    /// <summary>Keeps a release that is here, or does so no more.</summary>
    /// <param name="stateDirectory">State directory.</param>
    /// <param name="release">Version, digest, or the first 8 or more of its letters.</param>
    /// <param name="isPinned">Keep it.</param>
    /// <returns>The release, and whether anything changed.</returns>
    /// <exception cref="NodeException">There is no state directory, or no such release, or several.</exception>
    /// <exception cref="IOException">The pin cannot be written.</exception>
    public static (SlotRelease Release, bool IsChanged) Pin(string stateDirectory, string release, bool isPinned)
    {
        var store = OpenExisting(stateDirectory);
        var found = store
            .List()
            .Where(one =>
                one.Manifest.Version == release
                || (release.Length >= LeastDigestLetters && one.Digest.ToString().StartsWith(release, StringComparison.Ordinal))
            )
            .ToList();
        if (found is not [var target])
        {
            throw new NodeException(
                FaultKind.Nothing,
                found.Count == 0
                    ? $"{release}: no such release here: expected the version or digest of one that is complete"
                    : $"{release}: {found.Count} releases have that name: expected a digest"
            );
        }
        var changed = isPinned ? PinnedReleases.Pin(store, target.Digest) : PinnedReleases.Unpin(store, target.Digest);
        return (new SlotRelease(target.Digest, target.Manifest.Version, target.Manifest.Build), changed);
    }

    /// <summary>One process per state directory.</summary>
    /// <exception cref="NodeException">Another one uses it.</exception>
    internal static FileLock TakeLock(string stateDirectory) =>
        FileLock.TryTake(Path.Combine(stateDirectory, "node.lock"))
        ?? throw new NodeException(FaultKind.Failed, $"{stateDirectory}: another stateless process uses it");

    /// <summary>True when no process uses a state directory.</summary>
    internal static bool IsFree(string stateDirectory)
    {
        using var held = FileLock.TryTake(Path.Combine(stateDirectory, "node.lock"));
        return held is not null;
    }

    private static RootActivator Open(string stateDirectory, string? mountDirectory, long upperBytes) =>
        RootActivator.Open(OpenExisting(stateDirectory), mountDirectory, upperBytes, NullLogger.Instance);

    private static ReleaseStore OpenExisting(string stateDirectory) =>
        Directory.Exists(Path.Combine(stateDirectory, "releases"))
            ? ReleaseStore.Open(stateDirectory)
            : throw new NodeException(FaultKind.Nothing, $"{stateDirectory}: no node has run here");

    // a user who may not mount may still look: the link's text, and whether the kernel lists it
    private static string? MountedRootIn(string? mountDirectory)
    {
        if (mountDirectory is null || new FileInfo(Path.Combine(mountDirectory, "current")).LinkTarget is not { } target)
            return null;
        var path = Path.Combine(mountDirectory, target);
        return Platform.Mounts.MountTable.Read().Any(entry => entry.MountPoint == path) ? path : null;
    }
}
