using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Roots.Releases;

/// <summary>
/// The releases of a machine below its state directory: <c>staging/{digest}/</c> while incomplete, renamed to
/// <c>releases/{digest}/</c> once every byte is verified and fsynced. What is in <c>releases/</c> is complete, always.
/// </summary>
public sealed partial class ReleaseStore
{
    /// <summary>Opens (creates) the store.</summary>
    /// <exception cref="IOException">Cannot be created or written; names the path.</exception>
    public static ReleaseStore Open(string stateDirectory) => throw new NotImplementedException();

    /// <summary>
    /// Makes or reopens the staging directory of a release and writes manifest and metainfo there. Asks for room for what
    /// is not there yet before anything is written.
    /// </summary>
    /// <exception cref="NoRoomException">The file system has too little room.</exception>
    public StoredRelease Stage(Sha256Digest digest, ReleaseManifest manifest, ReadOnlyMemory<byte> manifestEnvelope, ReadOnlyMemory<byte> torrent) =>
        throw new NotImplementedException();

    /// <summary>
    /// Checks every file against the manifest (length, SHA-256, dm-verity root of the image) and, when all match, fsyncs files
    /// and directories and renames the release into <c>releases/</c>. Idempotent.
    /// </summary>
    /// <exception cref="Content.ContentException">A file is wrong; it names it, and the release stays in staging.</exception>
    public Task<StoredRelease> CommitAsync(StoredRelease staged, IProgress<long>? progress, CancellationToken cancellation) =>
        throw new NotImplementedException();

    /// <summary>A complete release, or null.</summary>
    public StoredRelease? Find(Sha256Digest digest) => throw new NotImplementedException();

    /// <summary>All complete releases.</summary>
    public IReadOnlyList<StoredRelease> List() => throw new NotImplementedException();

    /// <summary>Deletes releases and stagings not in <paramref name="keep"/>; returns the bytes freed.</summary>
    public long Collect(IReadOnlySet<Sha256Digest> keep) => throw new NotImplementedException();
}
