using StatelessSwarm.Content;
using StatelessSwarm.Content.Chunks;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Platform.Files;
using StatelessSwarm.Roots.Slots;
using StatelessSwarm.Roots.Storage;

namespace StatelessSwarm.Roots.Releases;

/// <summary>
/// The releases of a machine below its state directory: <c>staging/{digest}/</c> while incomplete, renamed to
/// <c>releases/{digest}/</c> once every byte is verified and fsynced. What is in <c>releases/</c> is complete, always.
/// </summary>
/// <remarks>
/// Names change under the lock file <c>lock</c>; bytes are fetched and verified without it. A release whose manifest or file
/// lengths do not fit any more (a damaged medium) is not found; staging it again and committing replaces it in one exchange of
/// names. Deleting goes through <c>staging/.trash-{digest}</c>, so that a cut never leaves half a release under its name.
/// </remarks>
public sealed partial class ReleaseStore
{
    /// <summary>How long another process may hold the lock: names change in milliseconds, deleting a large image takes longer.</summary>
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(10);

    private readonly TimeProvider _time;

    private ReleaseStore(string stateDirectory, IStateFileSystem files, TimeProvider time)
    {
        Layout = new StateLayout(stateDirectory);
        Files = files;
        _time = time;
    }

    /// <summary>Absolute path of the state directory.</summary>
    public string StateDirectory => Layout.State;

    internal StateLayout Layout { get; }

    internal IStateFileSystem Files { get; }

    /// <summary>Opens (creates) the store.</summary>
    /// <exception cref="IOException">Cannot be created or written; names the path.</exception>
    public static ReleaseStore Open(string stateDirectory) =>
        Open(stateDirectory, new StateFileSystem(), TimeProvider.System);

    /// <summary>Opens the store on another file system; tests stop that one after any step.</summary>
    internal static ReleaseStore Open(string stateDirectory, IStateFileSystem files, TimeProvider time)
    {
        ArgumentException.ThrowIfNullOrEmpty(stateDirectory);
        var store = new ReleaseStore(stateDirectory, files, time);
        try
        {
            foreach (var directory in store.Directories)
                files.CreateDirectory(directory);
            using var taken = store.TakeLock();
            store.FinishInterrupted();
        }
        catch (UnauthorizedAccessException denied)
        {
            throw new IOException($"{store.StateDirectory}: {denied.Message}", denied);
        }
        return store;
    }

    /// <summary>
    /// Makes or reopens the staging directory of a release and writes manifest and metainfo there. Asks for room for what
    /// is not there yet before anything is written. The payload files then have their full lengths (zeros where nothing was
    /// fetched) and their blocks. A release that is complete already is returned as it is, from <c>releases/</c>.
    /// </summary>
    /// <exception cref="NoRoomException">The file system has too little room.</exception>
    /// <exception cref="ContentException">The envelope does not hold this manifest, or a file name is not usable here.</exception>
    /// <exception cref="IOException">The file system failed; names the path.</exception>
    public StoredRelease Stage(
        Sha256Digest digest,
        ReleaseManifest manifest,
        ReadOnlyMemory<byte> manifestEnvelope,
        ReadOnlyMemory<byte> torrent
    )
    {
        ArgumentNullException.ThrowIfNull(manifest);
        if (Find(digest) is { } complete)
            return complete;
        ReleaseReader.ReadManifest(manifestEnvelope, digest);
        if (Sha256Digest.HashData(manifest.Encode()) != digest)
            throw new ContentException($"manifest: its digest is not {digest}");
        return new ReleaseStager(Layout, Files).Stage(digest, manifest, manifestEnvelope, torrent);
    }

    /// <summary>
    /// Checks every file against the manifest (length, SHA-256, dm-verity root of the image) and, when all match, fsyncs files
    /// and directories and renames the release into <c>releases/</c>. Idempotent. Nobody may write the files any more.
    /// </summary>
    /// <param name="staged">What <see cref="Stage"/> returned.</param>
    /// <param name="progress">Bytes checked so far, of <see cref="ReleaseManifest.TotalBytes"/>.</param>
    /// <param name="cancellation">Ends the check; the release stays in staging.</param>
    /// <exception cref="ContentException">A file is wrong; it names it, and the release stays in staging.</exception>
    /// <exception cref="IOException">The file system failed; the release is in staging, or complete.</exception>
    public async Task<StoredRelease> CommitAsync(
        StoredRelease staged,
        IProgress<long>? progress,
        CancellationToken cancellation
    )
    {
        ArgumentNullException.ThrowIfNull(staged);
        if (FindCommitted(staged.Digest) is { } complete)
            return complete;
        staged = staged with { Directory = Layout.StagingOf(staged.Digest) };
        try
        {
            await ReleaseVerifier.VerifyAsync(staged, makesTree: true, progress, cancellation);
            MakeDurable(staged);
        }
        catch (Exception fault) when (fault is IOException or ContentException)
        {
            // Another process may have committed the same release, and its rename took the files from under our check.
            if (FindCommitted(staged.Digest) is { } other)
                return other;
            throw;
        }
        using (TakeLock())
            return Publish(staged);
    }

    /// <summary>Keeps the chunk map of a release's image, and its metainfo, beside it: the next update compares by it. Durable; the map comes last.</summary>
    /// <exception cref="ContentException">It is not the map that the manifest names.</exception>
    /// <exception cref="IOException">The file system failed; names the path.</exception>
    public void KeepChunkMap(StoredRelease release, ReadOnlySpan<byte> map, ReadOnlySpan<byte> torrent)
    {
        ArgumentNullException.ThrowIfNull(release);
        if (Sha256Digest.HashData(map) != release.Manifest.ChunkMap.Sha256)
            throw new ContentException($"{ReleaseChunkMap.FileName}: not the map of release {release.Digest}");
        new ReleaseStager(Layout, Files).WriteChunkMap(release, map, torrent);
    }

    /// <summary>Keeps the metainfo of a chunk map that is being fetched.</summary>
    /// <exception cref="IOException">The file system failed; names the path.</exception>
    public void KeepChunkMapTorrent(StoredRelease staged, ReadOnlySpan<byte> torrent)
    {
        ArgumentNullException.ThrowIfNull(staged);
        new ReleaseStager(Layout, Files).WriteChunkMapTorrent(staged, torrent);
    }

    /// <summary>The chunk map of a release's image that is kept beside it; null when there is none, or another.</summary>
    public static ChunkMap? ReadChunkMap(StoredRelease release)
    {
        ArgumentNullException.ThrowIfNull(release);
        try
        {
            if (new FileInfo(release.ChunkMapPath) is not { Exists: true } file || file.Length != release.Manifest.ChunkMap.Length)
                return null;
            var bytes = File.ReadAllBytes(release.ChunkMapPath);
            if (Sha256Digest.HashData(bytes) != release.Manifest.ChunkMap.Sha256)
                return null;
            var map = ChunkMap.Decode(bytes);
            return map.ImageBytes == release.Manifest.Root.Length ? map : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ContentException)
        {
            return null;
        }
    }

    /// <summary>Releases that are being fetched, or were: their manifests are known, their files not complete.</summary>
    public IReadOnlyList<StoredRelease> ListStaged() =>
        [.. StateLayout.DigestsIn(Layout.Staging).Select(digest => ReleaseReader.TryRead(Layout.StagingOf(digest), digest, out _)).OfType<StoredRelease>()];

    /// <summary>Reads a complete release in full and checks every byte; for scrubbing.</summary>
    /// <exception cref="ContentException">A file is wrong; names it.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static Task VerifyAsync(StoredRelease release, IProgress<long>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(release);
        return ReleaseVerifier.VerifyAsync(release, makesTree: false, progress, cancellation);
    }

    /// <summary>A complete release, or null.</summary>
    public StoredRelease? Find(Sha256Digest digest) => ReleaseReader.TryRead(Layout.ReleaseOf(digest), digest, out _);

    /// <summary>One line about a release that has a directory in <c>releases/</c> but is not complete; null otherwise.</summary>
    public string? FindProblem(Sha256Digest digest)
    {
        ReleaseReader.TryRead(Layout.ReleaseOf(digest), digest, out var problem);
        return problem;
    }

    /// <summary>All complete releases, ascending by digest.</summary>
    public IReadOnlyList<StoredRelease> List() =>
        [.. StateLayout.DigestsIn(Layout.Releases).Select(Find).OfType<StoredRelease>()];

    /// <summary>What <see cref="Collect"/> would delete.</summary>
    /// <exception cref="IOException">The file system failed.</exception>
    public IReadOnlyList<CollectableRelease> ListCollectable(IReadOnlySet<Sha256Digest> keep)
    {
        ArgumentNullException.ThrowIfNull(keep);
        var kept = Kept(keep);
        return
        [
            .. StateLayout
                .DigestsIn(Layout.Releases)
                .Where(digest => !kept.Contains(digest))
                .Select(digest => new CollectableRelease(digest, false, AllocatedBytes(Layout.ReleaseOf(digest)))),
            .. StateLayout
                .DigestsIn(Layout.Staging)
                .Where(digest => !kept.Contains(digest))
                .Select(digest => new CollectableRelease(digest, true, AllocatedBytes(Layout.StagingOf(digest)))),
        ];
    }

    /// <summary>Bytes that staging a release takes beyond what is allocated already, and what is available.</summary>
    /// <exception cref="IOException">The file system failed.</exception>
    public (long Needed, long Available) RoomFor(Sha256Digest digest, ReleaseManifest manifest, long torrentBytes)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        return new ReleaseStager(Layout, Files).RoomFor(new StoredRelease(digest, Layout.StagingOf(digest), manifest), ReleaseManifest.MaxBytes, torrentBytes);
    }

    /// <summary>
    /// Deletes releases and stagings not in <paramref name="keep"/>; returns the bytes freed. What a slot, or a change of the
    /// slots under way, names, and what is pinned, is kept whatever <paramref name="keep"/> says.
    /// </summary>
    /// <exception cref="IOException">The file system failed; what is left is deleted by the next call.</exception>
    public long Collect(IReadOnlySet<Sha256Digest> keep)
    {
        ArgumentNullException.ThrowIfNull(keep);
        using var taken = TakeLock();
        var kept = Kept(keep);
        var freed = 0L;
        foreach (var digest in StateLayout.DigestsIn(Layout.Releases).Where(digest => !kept.Contains(digest)))
            freed += Discard(digest, Layout.ReleaseOf(digest), Layout.Releases);
        foreach (var digest in StateLayout.DigestsIn(Layout.Staging).Where(digest => !kept.Contains(digest)))
            freed += Discard(digest, Layout.StagingOf(digest), Layout.Staging);
        return freed;
    }

    private HashSet<Sha256Digest> Kept(IReadOnlySet<Sha256Digest> keep)
    {
        var kept = new HashSet<Sha256Digest>(keep);
        var pinned = PinnedReleases.Read(this);
        foreach (var slots in (ReadOnlySpan<SlotState?>)[RootSlots.ReadLinks(Layout.Roots), RootSlots.ReadPending(Layout.Roots)])
            kept.UnionWith(slots is null ? pinned : RetentionPolicy.Keep(slots, pinned));
        return kept;
    }

    /// <summary>One holder at a time may change names below the state directory.</summary>
    internal FileLock TakeLock() => FileLock.Take(Layout.LockFile, LockPatience, _time);

    private IEnumerable<string> Directories => [Layout.State, Layout.Releases, Layout.Staging, Layout.Roots];

    private void FinishInterrupted()
    {
        foreach (var trash in Directory.EnumerateDirectories(Layout.Staging, StateLayout.TrashPrefix + "*"))
            Files.RemoveTree(trash);
        // A process killed between a commit's rename and its fsync leaves a release that is seen but not durable yet.
        foreach (var directory in Directories)
            Files.SyncDirectory(directory);
        foreach (var digest in StateLayout.DigestsIn(Layout.Releases))
            RemoveLeftovers(Layout.ReleaseOf(digest));
    }

    // The journal goes last, so that an interrupted commit finds it in staging and nothing is hashed or fetched again.
    private void RemoveLeftovers(string directory)
    {
        foreach (var name in ReleaseReader.JournalNames)
        {
            var path = Path.Combine(directory, name);
            if (File.Exists(path))
                Files.Remove(path);
        }
    }

    private StoredRelease? FindCommitted(Sha256Digest digest)
    {
        var complete = Find(digest);
        if (complete is not null)
            Files.SyncDirectory(Layout.Releases);
        return complete;
    }

    private void MakeDurable(StoredRelease staged)
    {
        foreach (var path in staged.Manifest.Files.Select(staged.PathOf))
        {
            Files.SetReadOnly(path, isReadOnly: true);
            Files.SyncData(path);
        }
        foreach (var path in (ReadOnlySpan<string>)[staged.ChunkMapPath, staged.ChunkMapTorrentPath, staged.VerityTreePath])
        {
            if (File.Exists(path))
                Files.SyncData(path);
        }
        // Written by another process, perhaps, which was killed before it could sync them.
        foreach (var path in (ReadOnlySpan<string>)[staged.ManifestPath, staged.TorrentPath])
        {
            Files.SyncData(path);
            Files.Remove(path + ReleaseReader.TemporarySuffix);
        }
        Files.SyncDirectory(staged.Directory);
    }

    private StoredRelease Publish(StoredRelease staged)
    {
        if (FindCommitted(staged.Digest) is { } other)
            return other;
        var target = Layout.ReleaseOf(staged.Digest);
        if (Directory.Exists(target))
            Files.Exchange(staged.Directory, target);
        else
            Files.Rename(staged.Directory, target);
        Files.SyncDirectory(Layout.Releases);
        Files.SyncDirectory(Layout.Staging);
        RemoveLeftovers(target);
        if (Directory.Exists(staged.Directory))
            Discard(staged.Digest, staged.Directory, Layout.Staging);
        return Find(staged.Digest) ?? throw new IOException($"{target}: {FindProblem(staged.Digest) ?? "vanished"}");
    }

    private long Discard(Sha256Digest digest, string directory, string parent)
    {
        var freed = AllocatedBytes(directory);
        var trash = Layout.TrashOf(digest);
        Files.RemoveTree(trash);
        Files.Rename(directory, trash);
        Files.SyncDirectory(parent);
        Files.RemoveTree(trash);
        return freed;
    }

    private static long AllocatedBytes(string directory) =>
        Directory
            .EnumerateFiles(directory, "*", SearchOption.AllDirectories)
            .Sum(path => FileFacts.Of(path)?.AllocatedBytes ?? 0);
}
