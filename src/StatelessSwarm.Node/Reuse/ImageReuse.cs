using Microsoft.Extensions.Logging;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Chunks;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Activation;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Node.Sharing;
using StatelessSwarm.Node.Updating;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Roots.Reuse;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Trust;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Node.Reuse;

/// <summary>
/// Finds out what of a new release is on this machine: fetches its chunk map, when there is anything to compare with, and reads (or makes)
/// the maps of the images at hand. Whatever fails here costs bytes and no more: the release is then fetched without.
/// </summary>
internal sealed class ImageReuse(ReleaseStore store, ReleaseSharing sharing, ChannelSource source, TimeProvider time, ILogger logger)
{
    /// <summary>Time without a byte of the map after which the release is fetched without it: 15 s.</summary>
    internal static readonly TimeSpan MapPatience = TimeSpan.FromSeconds(15);

    /// <summary>Images compared with at most: current, next, previous and one that was given up half-way.</summary>
    private const int MaxImages = 4;

    /// <summary>
    /// What of a release that is not staged can be had from here. Its chunk map comes straight from the server.
    /// </summary>
    /// <returns>Bytes by release, the bytes of the map, and why nothing could be compared.</returns>
    public async Task<(IReadOnlyList<PlannedReuse> Reused, long MapBytes, string Note)> PlanAsync(
        StoredRelease target,
        IReadOnlyCollection<Sha256Digest> first,
        CancellationToken cancellation
    )
    {
        var (whole, halves) = AtHand(target, first);
        if (whole.Count + halves.Count == 0)
            return ([], 0, "");
        ChunkMap map;
        try
        {
            map = await source.FetchChunkMapAsync(target.Digest, target.Manifest, cancellation);
        }
        catch (Exception fault) when (fault is NodeException or ContentException)
        {
            return ([], 0, Fault.OneLine(fault.Message));
        }
        var images = await ImagesAsync(whole.Concat(halves), cancellation);
        var plan = ReusePlan.Make(map, [.. images.Select(image => image.Map)]);
        var reused = images
            .Zip(plan.ReusedBySource, (image, bytes) => new PlannedReuse(image.Name, bytes))
            .Concat(SameFiles(target, whole).Where(file => file.File.Name != target.Manifest.Root.Name).Select(file => new PlannedReuse(file.From.Manifest.Version, file.File.Length)))
            .GroupBy(part => part.Version, (version, parts) => new PlannedReuse(version, parts.Sum(part => part.Bytes)))
            .Where(part => part.Bytes > 0)
            .OrderByDescending(part => part.Bytes);
        return ([.. reused], target.Manifest.ChunkMap.Length, "");
    }

    /// <summary>What of a staged release can be had from here; null for nothing.</summary>
    /// <param name="staged">The new release.</param>
    /// <param name="first">Releases whose images are looked at first.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<PreparedReuse?> PrepareAsync(StoredRelease staged, IReadOnlyCollection<Sha256Digest> first, CancellationToken cancellation)
    {
        var (whole, halves) = AtHand(staged, first);
        if (whole.Count + halves.Count == 0)
            return null;
        if (await MapAsync(staged, whole, cancellation) is not { } map)
            return null;
        var images = await ImagesAsync(whole.Concat(halves), cancellation);
        var files = SameFiles(staged, whole).ToDictionary(same => same.File.Name, same => same.From.PathOf(same.Same), StringComparer.Ordinal);
        return images.Count == 0 ? null : new PreparedReuse(staged, map, images, files);
    }

    /// <summary>Releases to compare with: complete ones, those in slots first; and those given up half-way, as far as their maps are here.</summary>
    private (IReadOnlyList<StoredRelease> Whole, IReadOnlyList<StoredRelease> Halves) AtHand(
        StoredRelease target,
        IReadOnlyCollection<Sha256Digest> first
    ) =>
        (
            [
                .. store
                    .List()
                    .Where(release => release.Digest != target.Digest)
                    .OrderBy(release => first.Contains(release.Digest) ? 0 : 1),
            ],
            [.. store.ListStaged().Where(release => release.Digest != target.Digest && ReleaseStore.ReadChunkMap(release) is not null)]
        );

    private async Task<IReadOnlyList<HeldImage>> ImagesAsync(IEnumerable<StoredRelease> releases, CancellationToken cancellation)
    {
        var images = new List<HeldImage>();
        foreach (var release in releases.Take(MaxImages))
        {
            if ((ReleaseStore.ReadChunkMap(release) ?? await BuildAsync(release, cancellation)) is { } held)
                images.Add(new HeldImage(release.Manifest.Version, release.RootPath, held));
        }
        return images;
    }

    /// <summary>Files of the new release that an older one has as they are.</summary>
    private static IEnumerable<(ReleaseFile File, StoredRelease From, ReleaseFile Same)> SameFiles(
        StoredRelease target,
        IReadOnlyList<StoredRelease> whole
    )
    {
        foreach (var file in target.Manifest.Files)
        {
            foreach (var release in whole)
            {
                if (release.Manifest.Files.FirstOrDefault(other => other.Sha256 == file.Sha256) is not { } same)
                    continue;
                yield return (file, release, same);
                break;
            }
        }
    }

    /// <summary>Makes the chunk maps that are missing of releases here, and serves them: the next update need not read old images for that.</summary>
    public async Task IndexAsync(IEnumerable<Sha256Digest> releases, CancellationToken cancellation)
    {
        foreach (var digest in releases)
        {
            if (store.Find(digest) is not { } release || await sharing.HasMapAsync(release, cancellation))
                continue;
            if (ReleaseStore.ReadChunkMap(release) is null && await BuildAsync(release, cancellation) is null)
                continue;
            await sharing.SeedMapAsync(release, cancellation);
        }
    }

    /// <summary>The map of the new image: kept from an earlier try, that of an older release of the same image, or from the swarm.</summary>
    private async Task<ChunkMap?> MapAsync(StoredRelease staged, IEnumerable<StoredRelease> whole, CancellationToken cancellation)
    {
        if (ReleaseStore.ReadChunkMap(staged) is { } kept)
            return kept;
        try
        {
            foreach (var twin in whole.Where(release => release.Manifest.ChunkMap == staged.Manifest.ChunkMap))
            {
                if ((ReleaseStore.ReadChunkMap(twin) ?? await BuildAsync(twin, cancellation)) is not { } same)
                    continue;
                var bytes = same.Encode();
                var metainfoOfSame = await ChunkMapTorrent.BuildAsync(bytes, AuthorityOf(staged), cancellation);
                store.KeepChunkMap(staged, bytes, metainfoOfSame);
                return same;
            }
            var torrent = await source.FetchChunkMapTorrentAsync(staged.Digest, cancellation);
            var metainfo = ChunkMapTorrent.Parse(torrent, staged.Manifest);
            store.KeepChunkMapTorrent(staged, torrent);
            var session = await sharing.FetchMapAsync(staged, metainfo, cancellation);
            if (await IsFetchedAsync(session, cancellation) && ReleaseStore.ReadChunkMap(staged) is { } map)
            {
                NodeLog.MapFetched(logger, staged.Manifest.Version, metainfo.Info.ContentBytes);
                return map;
            }
            NodeLog.NoMap(logger, staged.Manifest.Version, "nobody sent it");
        }
        catch (Exception fault) when (fault is NodeException or IOException or ContentException or TrustException)
        {
            NodeLog.NoMap(logger, staged.Manifest.Version, Fault.OneLine(fault.Message));
        }
        await sharing.StopMapAsync(staged.Digest);
        return null;
    }

    /// <summary>The authority of the release's torrent; its chunk map's is the same.</summary>
    /// <exception cref="ContentException">The torrent is damaged.</exception>
    private static string? AuthorityOf(StoredRelease release) =>
        StateFiles.Read(release.TorrentPath, Metainfo.MaxBytes) is { } torrent ? Metainfo.Parse(torrent).Info.Authority : null;

    private async Task<bool> IsFetchedAsync(TorrentSession session, CancellationToken cancellation)
    {
        var last = -1L;
        var lastAt = time.GetTimestamp();
        while (!session.Completion.IsCompleted)
        {
            var status = session.Status;
            var bytes = status.ReceivedLanBytes + status.ReceivedWanBytes + status.ReceivedHttpBytes;
            if (bytes != last)
                (last, lastAt) = (bytes, time.GetTimestamp());
            else if (time.GetElapsedTime(lastAt) >= MapPatience)
                return false;
            await Task.WhenAny(session.Completion, Task.Delay(TimeSpan.FromSeconds(0.5), time, cancellation));
            cancellation.ThrowIfCancellationRequested();
        }
        return session.Completion.IsCompletedSuccessfully;
    }

    /// <summary>Chunks an image that was never compared, and keeps the map; null when it cannot be read, or is not what its manifest says.</summary>
    private async Task<ChunkMap?> BuildAsync(StoredRelease release, CancellationToken cancellation)
    {
        if (release.IsStaged)
            return null;
        try
        {
            await using var image = new FileStream(
                release.RootPath,
                FileMode.Open,
                FileAccess.Read,
                FileShare.ReadWrite | FileShare.Delete,
                bufferSize: 0,
                FileOptions.SequentialScan
            );
            var map = await Task.Run(() => ChunkMapBuilder.BuildAsync(image, progress: null, cancellation), cancellation);
            var bytes = map.Encode();
            var torrent = await ChunkMapTorrent.BuildAsync(bytes, AuthorityOf(release), cancellation);
            store.KeepChunkMap(release, bytes, torrent);
            return map;
        }
        catch (Exception fault) when (fault is IOException or ContentException)
        {
            NodeLog.NotIndexed(logger, release.Digest, Fault.OneLine(fault.Message));
            return null;
        }
    }
}
