using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Node.Activation;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Status;
using StatelessSwarm.Node.Updating;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Roots.Slots;

namespace StatelessSwarm.Node.Hosting;

/// <summary>A node's state directory without its daemon: what it is, and changes of the slots.</summary>
public static class OfflineNode
{
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
