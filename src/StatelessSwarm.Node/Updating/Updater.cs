using Microsoft.Extensions.Logging;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Activation;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Node.Reuse;
using StatelessSwarm.Node.Sharing;
using StatelessSwarm.Node.Status;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Swarm.Storage;

namespace StatelessSwarm.Node.Updating;

/// <summary>
/// One update cycle: read the channel, fetch the release, verify it, put it in place. Any failure leaves the current root as it was.
/// One cycle at a time.
/// <code>
/// channel ─► release here? ──yes──────────────────────────────► install ─► serve, collect
///               │ no                                               ▲
///               └─► manifest, torrent ─► stage ─► download ─► commit
///                                                  │ the channel moved on: begin again
/// </code>
/// </summary>
internal sealed class Updater(
    NodeOptions options,
    ChannelSource source,
    ReleaseStore store,
    ReleaseSharing sharing,
    ImageReuse reuse,
    RootActivator activator,
    UpdateRecords records,
    StatusBoard board,
    TimeProvider time,
    ILogger logger
) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1);

    /// <summary>Runs a cycle; waits for one that runs already.</summary>
    /// <exception cref="Exception">What <see cref="Fault.Of"/> sorts; it is on the status board too.</exception>
    public async Task<UpdateResult> RunAsync(CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            board.Begin();
            var result = await CycleAsync(cancellation);
            board.End(null);
            return result;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            board.End(null);
            throw;
        }
        catch (Exception fault)
        {
            board.End(Fault.Of(fault));
            throw;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>What an update would do now; changes nothing but what is known of the channel.</summary>
    /// <exception cref="NodeException">An update is under way, or the server cannot be reached.</exception>
    public async Task<UpdatePlan> PlanAsync(CancellationToken cancellation) => await AloneAsync(
        async () =>
        {
            var pointer = await source.ReadAsync(cancellation);
            var release = new SlotRelease(pointer.Release, pointer.Version, pointer.Build);
            var isHere = store.Find(pointer.Release) is not null;
            var fetched = isHere ? null : await source.FetchReleaseAsync(pointer, cancellation);
            var manifest = fetched?.Manifest ?? store.Find(pointer.Release)!.Manifest;
            var (needed, available) = store.RoomFor(pointer.Release, manifest, fetched?.Torrent.Length ?? 0);
            var plan = new UpdatePlan
            {
                Release = release,
                IsInPlace = InPlace(pointer) is not null,
                TotalBytes = manifest.TotalBytes,
                FetchBytes = 0,
                Reused = [],
                RoomNeeded = isHere ? 0 : needed,
                RoomAvailable = available,
            };
            if (isHere)
                return plan;
            var target = new StoredRelease(pointer.Release, store.StateDirectory, manifest);
            var (reused, mapBytes, note) = await reuse.PlanAsync(target, SlotsInUse(), cancellation);
            return plan with
            {
                Reused = reused,
                Note = note,
                FetchBytes = manifest.TotalBytes - reused.Sum(part => part.Bytes) + mapBytes,
            };
        },
        cancellation
    );

    /// <summary>Deletes what no slot names and nobody pinned, or only lists it.</summary>
    /// <exception cref="NodeException">An update is under way.</exception>
    public Task<CollectResult> CollectAsync(bool isDryRun, CancellationToken cancellation) => AloneAsync(
        async () =>
        {
            var result = new CollectResult(store.ListCollectable(SlotsInUse()));
            if (!isDryRun)
                await SettleAsync(cancellation);
            return result;
        },
        cancellation
    );

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private async Task<T> AloneAsync<T>(Func<Task<T>> work, CancellationToken cancellation)
    {
        if (!await _gate.WaitAsync(TimeSpan.Zero, cancellation))
            throw new NodeException(FaultKind.Failed, "an update is under way; `stateless status` tells how far it is");
        try
        {
            return await work();
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<UpdateResult> CycleAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var started = time.GetTimestamp();
            var startedAt = time.GetUtcNow();
            var (pointer, unreachable) = await source.ReadOrRecallAsync(cancellation);
            if (InPlace(pointer) is { } settled)
            {
                // what is known is in place, but nobody could say whether it is still what the channel wants
                if (unreachable is not null)
                    throw unreachable;
                await SettleAsync(cancellation);
                return settled;
            }
            if (unreachable is not null)
                NodeLog.GoingOnAlone(logger, unreachable.Message);

            var release = store.Find(pointer.Release);
            UpdateRecord? record = null;
            if (release is null)
            {
                var fetched = await source.FetchReleaseAsync(pointer, cancellation);
                record = await GetAsync(pointer, fetched, cancellation);
                if (record is null)
                    continue;
                release = store.Find(pointer.Release) ?? throw new NodeException(FaultKind.Failed, $"release {pointer.Release} vanished");
            }
            board.Activate();
            var result = await activator.InstallAsync(release, options.Activation, cancellation);
            if (record is not null)
                Keep(
                    record with
                    {
                        StartedUnixMilliseconds = startedAt.ToUnixTimeMilliseconds(),
                        FinishedUnixMilliseconds = time.GetUtcNow().ToUnixTimeMilliseconds(),
                        TotalMilliseconds = (long)time.GetElapsedTime(started).TotalMilliseconds,
                    }
                );
            await SettleAsync(cancellation);
            return result;
        }
    }

    private UpdateResult? InPlace(ChannelPointer pointer)
    {
        var release = new SlotRelease(pointer.Release, pointer.Version, pointer.Build);
        var slots = activator.Slots;
        if (slots.Current == pointer.Release)
            return new UpdateResult(UpdateOutcome.UpToDate, release, "");
        if (activator.Held == pointer.Release)
            return new UpdateResult(UpdateOutcome.Held, release, "it was rolled back here; `stateless activate` takes it again");
        if (slots.Next == pointer.Release && options.Activation == ActivationPolicy.Next)
            return new UpdateResult(UpdateOutcome.UpToDate, release, "it is next");
        return null;
    }

    /// <summary>Fetches and commits; null when the channel moved on meanwhile.</summary>
    private async Task<UpdateRecord?> GetAsync(ChannelPointer pointer, FetchedRelease fetched, CancellationToken cancellation)
    {
        var manifest = fetched.Manifest;
        var staged = await StageAsync(pointer.Release, fetched, cancellation);
        NodeLog.Fetching(logger, manifest.Version, manifest.Build, pointer.Release, manifest.TotalBytes);
        var begun = time.GetTimestamp();
        PreparedReuse? prepared = null;
        try
        {
            prepared = await reuse.PrepareAsync(staged, SlotsInUse(), cancellation);
            var session = await sharing.DownloadAsync(staged, fetched.Metainfo, prepared is null ? null : CopyKnownAsync, cancellation);
            board.Download(pointer.Release, manifest, session);
            if (await DownloadAsync(session, pointer, cancellation) is { } newer)
            {
                NodeLog.Superseded(logger, manifest.Version, newer.Version);
                await sharing.StopAsync(pointer.Release);
                return null;
            }
            var downloaded = time.GetElapsedTime(begun);
            var status = session.Status;
            var sources = StatusBoard.SourcesOf(status);
            NodeLog.Fetched(logger, manifest.Version, downloaded.TotalSeconds, sources.Disk, sources.Lan, sources.Wan, sources.Http);

            board.Verify();
            begun = time.GetTimestamp();
            await store.CommitAsync(staged, board.ReadBack, cancellation);
            return new UpdateRecord
            {
                Digest = pointer.Release,
                Version = manifest.Version,
                Build = manifest.Build,
                TotalBytes = manifest.TotalBytes,
                Sources = sources,
                WastedBytes = status.WastedBytes,
                StartedUnixMilliseconds = 0,
                FinishedUnixMilliseconds = 0,
                DownloadMilliseconds = (long)downloaded.TotalMilliseconds,
                VerifyMilliseconds = (long)time.GetElapsedTime(begun).TotalMilliseconds,
                TotalMilliseconds = 0,
            };
        }
        catch (ContentException)
        {
            // blocks were right when they came and are not any more: hash everything again
            await sharing.StopAsync(pointer.Release);
            ResumeJournal.Distrust(staged.JournalPath);
            throw;
        }
        catch
        {
            await sharing.StopAsync(pointer.Release);
            throw;
        }

        async Task<IReadOnlyList<KnownStretch>> CopyKnownAsync(NeededStretches needed, CancellationToken stop)
        {
            var (stretches, image) = await prepared!.CopyAsync(fetched.Metainfo.Info, needed, stop);
            NodeLog.Reused(logger, manifest.Version, stretches.Sum(stretch => stretch.Length), image.SharedBytes, image.RottenChunks);
            return stretches;
        }
    }

    /// <summary>Makes the chunk maps that releases in the slots lack, and serves them. For idle times.</summary>
    public Task IndexAsync(CancellationToken cancellation) => reuse.IndexAsync(SlotsInUse(), cancellation);

    private async Task<StoredRelease> StageAsync(Sha256Digest digest, FetchedRelease fetched, CancellationToken cancellation)
    {
        try
        {
            return store.Stage(digest, fetched.Manifest, fetched.Envelope, fetched.Torrent);
        }
        catch (NoRoomException)
        {
            // releases nobody needs any more, and downloads that were given up, may be in the way
            await sharing.KeepOnlyAsync(SlotsInUse());
            await activator.CollectAsync([digest], cancellation);
            return store.Stage(digest, fetched.Manifest, fetched.Envelope, fetched.Torrent);
        }
    }

    /// <summary>Waits for a download; returns the pointer to another release when the channel moved on.</summary>
    private async Task<ChannelPointer?> DownloadAsync(TorrentSession session, ChannelPointer pointer, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var moved = WatchChannelAsync(pointer, stop.Token);
        try
        {
            var lastBytes = -1L;
            var lastProgress = time.GetTimestamp();
            while (!session.Completion.IsCompleted)
            {
                var bytes = session.Status.VerifiedBytes;
                if (bytes != lastBytes)
                    (lastBytes, lastProgress) = (bytes, time.GetTimestamp());
                else if (time.GetElapsedTime(lastProgress) >= options.StallTimeout)
                    throw new NodeException(
                        FaultKind.Failed,
                        $"release {pointer.Version}: no progress for {options.StallTimeout.TotalSeconds:0} s, {session.Status.Peers} peer(s)"
                    );
                await Task.WhenAny(session.Completion, moved, Task.Delay(TimeSpan.FromSeconds(1), time, cancellation));
                cancellation.ThrowIfCancellationRequested();
                if (moved.IsCompleted && !session.Completion.IsCompleted && await moved is { } newer)
                    return newer;
            }
            await session.Completion;
            return null;
        }
        finally
        {
            await stop.CancelAsync();
            await moved;
        }
    }

    /// <summary>Looks at the channel while a download runs; ends with the pointer to another release, or null when stopped.</summary>
    private async Task<ChannelPointer?> WatchChannelAsync(ChannelPointer pointer, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                await Task.Delay(options.PollInterval, time, stop);
                var seen = await source.ReadAsync(stop);
                if (seen.Release != pointer.Release)
                    return seen;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return null;
            }
            catch (Exception fault) when (Fault.Of(fault).Kind is FaultKind.Unreachable or FaultKind.Refused or FaultKind.Nothing or FaultKind.Failed)
            {
                // the download goes on; the next cycle says what is wrong with the server
            }
        }
    }

    /// <summary>Waits for the end of a cycle that runs.</summary>
    public async Task WaitIdleAsync()
    {
        await _gate.WaitAsync(CancellationToken.None);
        _gate.Release();
    }

    /// <summary>Serves what the slots name.</summary>
    public async Task<IReadOnlySet<Sha256Digest>> ServeSlotsAsync(CancellationToken cancellation)
    {
        var keep = SlotsInUse();
        foreach (var digest in keep)
        {
            if (store.Find(digest) is not { } release)
                continue;
            try
            {
                await sharing.SeedAsync(release, cancellation);
            }
            catch (Exception fault) when (fault is IOException or ContentException)
            {
                NodeLog.CannotServe(logger, digest, fault.Message);
            }
        }
        return keep;
    }

    private async Task SettleAsync(CancellationToken cancellation)
    {
        await sharing.KeepOnlyAsync(await ServeSlotsAsync(cancellation));
        await activator.CollectAsync([], cancellation);
    }

    private HashSet<Sha256Digest> SlotsInUse()
    {
        var slots = activator.Slots;
        return [.. new[] { slots.Current, slots.Next, slots.Previous }.OfType<Sha256Digest>()];
    }

    private void Keep(UpdateRecord record)
    {
        try
        {
            records.Add(record);
        }
        catch (IOException fault)
        {
            NodeLog.CleanUpFailed(logger, fault.Message);
        }
    }
}
