using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Trust.Repositories;

/// <summary>
/// Where things are in a repository: relative paths with '/', the same on disk and over HTTP. Everything but
/// <c>metadata/</c> is immutable once there.
/// <code>
/// metadata/root.mp                              newest root metadata
/// metadata/{version}.root.mp                    every root metadata, for readers that must follow the chain
/// metadata/channels/{product}/{channel}.mp      signed channel pointer
/// releases/{digest}/manifest.mp                 signed release manifest
/// releases/{digest}/release.torrent             metainfo
/// releases/{digest}/{product}-{version}/{file}  the payload, laid out so that the release directory is a BEP 19 web seed
/// </code>
/// </summary>
public static class RepositoryLayout
{
    /// <summary>Newest root metadata.</summary>
    public const string Root = "metadata/root.mp";

    /// <summary>Directory of all releases.</summary>
    public const string Releases = "releases";

    /// <summary>File name of a release's signed manifest.</summary>
    public const string ManifestName = "manifest.mp";

    /// <summary>File name of a release's metainfo.</summary>
    public const string TorrentName = "release.torrent";

    /// <summary>Root metadata of one version.</summary>
    public static string RootVersion(long version) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"metadata/{version}.root.mp");

    /// <summary>Pointer of a channel. The names must have passed <see cref="ReleaseManifest"/>'s alphabet.</summary>
    public static string Channel(string product, string channel) => $"metadata/channels/{product}/{channel}.mp";

    /// <summary>Directory of a release.</summary>
    public static string Release(Sha256Digest digest) => $"{Releases}/{digest}";

    /// <summary>Signed manifest of a release.</summary>
    public static string Manifest(Sha256Digest digest) => $"{Release(digest)}/{ManifestName}";

    /// <summary>Metainfo of a release.</summary>
    public static string Torrent(Sha256Digest digest) => $"{Release(digest)}/{TorrentName}";

    /// <summary>A payload file of a release.</summary>
    public static string File(Sha256Digest digest, ReleaseManifest manifest, ReleaseFile file) =>
        $"{Release(digest)}/{manifest.TorrentName}/{file.Name}";
}
