using Microsoft.Extensions.Logging;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Node.Status;
using StatelessSwarm.Node.Updating;
using StatelessSwarm.Roots.Mounting;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Roots.Slots;

namespace StatelessSwarm.Node.Activation;

/// <summary>
/// Changes which release is current: mounts the new root first, then flips the links, then the mount's <c>current</c> link, so
/// that a root that cannot be mounted leaves everything as it was. All members may be called from any thread; changes wait for
/// each other.
/// </summary>
internal sealed class RootActivator : IDisposable
{
    private readonly ReleaseStore _store;
    private readonly RootSlots _slots;
    private readonly RootMounter? _mounter;
    private readonly RolledBack _rolledBack;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _gate = new(1);

    private RootActivator(ReleaseStore store, RootSlots slots, RootMounter? mounter, string? note, ILogger logger)
    {
        _store = store;
        _slots = slots;
        _mounter = mounter;
        _rolledBack = new RolledBack(store.StateDirectory);
        _logger = logger;
        MountNote = note;
    }

    /// <summary>Why nothing is mounted here, or null when roots are mounted.</summary>
    public string? MountNote { get; }

    /// <summary>What the links say.</summary>
    public SlotState Slots => _slots.Read();

    /// <summary>The release that was rolled back, or null.</summary>
    public Sha256Digest? Held => _rolledBack.Release;

    /// <summary>The mounted current root, or null.</summary>
    public MountedRoot? Mounted => _mounter?.Current;

    /// <summary>Opens the slots and, when it is wanted and allowed, the mounter.</summary>
    /// <param name="store">Releases.</param>
    /// <param name="mountDirectory">Directory of the mounts, or null to mount nothing.</param>
    /// <param name="upperBytes">Most bytes written above an image.</param>
    /// <param name="logger">Log.</param>
    /// <exception cref="IOException">The slots or the directory of the mounts cannot be opened.</exception>
    public static RootActivator Open(ReleaseStore store, string? mountDirectory, long upperBytes, ILogger logger)
    {
        var slots = RootSlots.Open(store);
        if (mountDirectory is null)
            return new RootActivator(store, slots, null, "not mounted: mounting is switched off", logger);
        if (!RootMounter.IsAllowed(out var reason))
            return new RootActivator(store, slots, null, $"not mounted, only staged and linked: {reason}", logger);
        var mounter = RootMounter.Open(new MountOptions { Directory = mountDirectory, UpperBytes = upperBytes });
        return new RootActivator(store, slots, mounter, null, logger);
    }

    /// <summary>Mounts what is current, after a start: the mounts of the machine's last life are gone.</summary>
    public void MountCurrent()
    {
        try
        {
            if (_mounter is not null && Slots.Current is { } current && _store.Find(current) is { } release)
                _mounter.MakeCurrent(_mounter.Mount(release));
        }
        catch (IOException fault)
        {
            NodeLog.CannotMount(_logger, fault.Message);
        }
    }

    /// <summary>Puts a complete release in place as the policy says.</summary>
    /// <exception cref="IOException">It could not be mounted or linked; current is as it was.</exception>
    public Task<UpdateResult> InstallAsync(StoredRelease release, ActivationPolicy policy, CancellationToken cancellation) =>
        ExclusiveAsync(
            () =>
            {
                if (_slots.Read().Current != release.Digest)
                    _slots.SetNext(release);
                if (policy == ActivationPolicy.Next)
                    return Result(UpdateOutcome.Staged, release, "");
                return MakeCurrent(release);
            },
            cancellation
        );

    /// <summary>Makes next current, or the release that was rolled back.</summary>
    /// <exception cref="NodeException">Nothing is next.</exception>
    /// <exception cref="IOException">It could not be mounted or linked; current is as it was.</exception>
    public Task<UpdateResult> ActivateAsync(CancellationToken cancellation) =>
        ExclusiveAsync(
            () =>
            {
                var target =
                    _slots.Read().Next ?? _rolledBack.Release ?? throw new NodeException(FaultKind.Nothing, "nothing to activate");
                var release = _store.Find(target) ?? throw new NodeException(FaultKind.Nothing, $"release {target} is not here any more");
                if (_slots.Read().Next != target)
                    _slots.SetNext(release);
                return MakeCurrent(release);
            },
            cancellation
        );

    /// <summary>Exchanges current and previous, and remembers not to take the release rolled back again.</summary>
    /// <exception cref="NodeException">There is no previous.</exception>
    /// <exception cref="IOException">It could not be mounted or linked; current is as it was.</exception>
    public Task<UpdateResult> RollBackAsync(CancellationToken cancellation) =>
        ExclusiveAsync(
            () =>
            {
                var before = _slots.Read();
                if (before.Previous is not { } target)
                    throw new NodeException(FaultKind.Nothing, "nothing to roll back to");
                var release = _store.Find(target) ?? throw new NodeException(FaultKind.Nothing, $"release {target} is not here any more");
                var mounted = _mounter?.Mount(release);
                // first: a kill after the links are flipped must not have the loop take it again
                if (before.Current is { } rolledBack)
                    _rolledBack.Remember(rolledBack);
                _slots.RollBack();
                if (mounted is not null)
                    _mounter!.MakeCurrent(mounted);
                return Result(UpdateOutcome.Activated, release, MountNote ?? "");
            },
            cancellation
        );

    /// <summary>Unmounts and deletes what no slot names and is not in <paramref name="inUse"/>.</summary>
    public async Task CollectAsync(IEnumerable<Sha256Digest> inUse, CancellationToken cancellation) =>
        await ExclusiveAsync(
            () =>
            {
                var keep = RetentionPolicy.Keep(_slots.Read(), PinnedReleases.Read(_store), inUse);
                try
                {
                    _mounter?.Unmount(keep);
                    _store.Collect(keep);
                }
                catch (IOException fault)
                {
                    NodeLog.CleanUpFailed(_logger, fault.Message);
                }
                return keep;
            },
            cancellation
        );

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private UpdateResult MakeCurrent(StoredRelease release)
    {
        var mounted = _mounter?.Mount(release);
        if (_slots.Read().Current != release.Digest)
            _slots.Activate();
        if (mounted is not null)
            _mounter!.MakeCurrent(mounted);
        _rolledBack.Forget();
        return Result(UpdateOutcome.Activated, release, MountNote ?? "");
    }

    private UpdateResult Result(UpdateOutcome outcome, StoredRelease release, string note)
    {
        NodeLog.Installed(
            _logger,
            release.Manifest.Version,
            release.Digest,
            outcome == UpdateOutcome.Staged ? "next" : "current",
            note.Length > 0 ? "; " + note : ""
        );
        return new UpdateResult(outcome, new SlotRelease(release.Digest, release.Manifest.Version, release.Manifest.Build), note);
    }

    // links, mounts and deletes wait for disks: not on the caller's thread
    private async Task<T> ExclusiveAsync<T>(Func<T> change, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            return await Task.Run(change, CancellationToken.None);
        }
        finally
        {
            _gate.Release();
        }
    }
}
