using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Keys;

namespace StatelessSwarm.Trust.Repositories;

/// <summary>
/// A repository on disk. A publish writes the payload first, fsyncs, renames the release directory into place and moves the
/// channel pointer last, so that a reader sees the old or the new state; publishers exclude each other by a lock file.
/// </summary>
public sealed partial class Repository
{
    /// <summary>Makes a new repository whose roles (root, release, channel) are all held by <paramref name="keys"/>, threshold 1.</summary>
    /// <exception cref="IOException">The directory is not empty, or cannot be written.</exception>
    public static Repository Init(string directory, IReadOnlyList<SigningKey> keys, TimeProvider time) =>
        throw new NotImplementedException();

    /// <summary>Opens an existing repository.</summary>
    /// <exception cref="IOException">There is none; names the directory.</exception>
    public static Repository Open(string directory, TimeProvider time) => throw new NotImplementedException();

    /// <summary>The directory.</summary>
    public string Directory => throw new NotImplementedException();

    /// <summary>Digests of all complete releases.</summary>
    public IReadOnlyList<Sha256Digest> ListReleases() => throw new NotImplementedException();

    /// <summary>Signed manifest of a release, decoded without checking its signatures.</summary>
    public ReleaseManifest ReadManifest(Sha256Digest digest) => throw new NotImplementedException();

    /// <summary>All channel pointers, decoded without checking their signatures.</summary>
    public IReadOnlyList<ChannelPointer> ListChannels() => throw new NotImplementedException();

    /// <summary>Publishes a release. <paramref name="progress"/> is told bytes done of the request's total input, or null.</summary>
    public Task<PublishedRelease> PublishAsync(
        PublishRequest request,
        IReadOnlyList<SigningKey> keys,
        IProgress<long>? progress,
        CancellationToken cancellation
    ) => throw new NotImplementedException();

    /// <summary>Verifies all of it: signatures, digests, torrents, every payload byte. Empty means sound.</summary>
    public Task<IReadOnlyList<RepositoryProblem>> CheckAsync(IProgress<long>? progress, CancellationToken cancellation) =>
        throw new NotImplementedException();
}
