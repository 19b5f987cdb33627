using StatelessSwarm.Content;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust;

namespace StatelessSwarm.Seed.Releases;

/// <summary>The repository as the watcher sees it.</summary>
internal interface IReleaseSource
{
    /// <summary>Digests of the releases that are there now.</summary>
    /// <exception cref="IOException">The repository cannot be read.</exception>
    IReadOnlyList<Sha256Digest> List();

    /// <summary>Reads a release and checks that its files are there with the right lengths.</summary>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    /// <exception cref="ContentException">A file breaks its format, or two of them do not fit each other.</exception>
    /// <exception cref="TrustException">The manifest's envelope is malformed.</exception>
    Task<SeedRelease> LoadAsync(Sha256Digest digest, CancellationToken cancellation);

    /// <summary>Where the channels point, unverified: for people to look at.</summary>
    /// <exception cref="IOException">The repository cannot be read.</exception>
    IReadOnlyList<ChannelPointer> ListChannels();
}
