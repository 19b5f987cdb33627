using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Trust.Repositories;

/// <summary>
/// Where things are in a repository: relative paths with '/', the same on disk and over HTTP. Everything but
/// <c>metadata/</c> is immutable once there.
/// <code>
/// metadata/root.mp                              newest root metadata
/// metadata/{version}.root.mp                    every root metadata, for readers that must follow the chain
/// metadata/time.mp                              what is current, signed by the time role when there is one
/// metadata/revoked.mp                           signed list of keys that are out of closed swarms
/// metadata/delegations/{product}.mp             who else may sign releases of a product, signed by the release role
/// metadata/authority.pem                        certificate of the authority of closed swarms; releases are closed to others
/// metadata/channels/{product}/{channel}.mp      signed channel pointer
/// releases/{digest}/manifest.mp                 signed release manifest
/// releases/{digest}/release.torrent             metainfo
/// releases/{digest}/root.chunks                 chunk map of the image
/// releases/{digest}/root.chunks.torrent         its metainfo
/// releases/{digest}/SHA256SUMS                  checks of every other file of the release, for sha256sum -c; unsigned
/// releases/{digest}/{product}-{version}/{file}  the payload, laid out so that the release directory is a BEP 19 web seed
/// </code>
/// </summary>
public static class RepositoryLayout
{
    /// <summary>Newest root metadata.</summary>
    public const string Root = "metadata/root.mp";

    /// <summary>The time statement.</summary>
    public const string Time = "metadata/time.mp";

    /// <summary>The revocation list.</summary>
    public const string Revoked = "metadata/revoked.mp";

    /// <summary>Certificate, in PEM, whose members alone take part in the swarms of releases published from now on.</summary>
    public const string Authority = "metadata/authority.pem";

    /// <summary>Directory of the delegations.</summary>
    public const string Delegations = "metadata/delegations";

    /// <summary>The delegation of a product. The name must have passed <see cref="ReleaseManifest"/>'s alphabet.</summary>
    public static string Delegation(string product) => $"{Delegations}/{product}.mp";

    /// <summary>Directory of the channel pointers, one directory per product.</summary>
    public const string Channels = "metadata/channels";

    /// <summary>Held by whoever publishes; empty.</summary>
    public const string Lock = ".lock";

    /// <summary>What is being published and not there yet.</summary>
    public const string Staging = ".staging";

    /// <summary>The publisher's own bookkeeping; see <see cref="RepositoryNotes"/>.</summary>
    public const string Notes = ".notes.mp";

    /// <summary>Directory of all releases.</summary>
    public const string Releases = "releases";

    /// <summary>File name of a release's signed manifest.</summary>
    public const string ManifestName = "manifest.mp";

    /// <summary>File name of a release's metainfo.</summary>
    public const string TorrentName = "release.torrent";

    /// <summary>File name of the metainfo of a release's chunk map.</summary>
    public const string ChunkMapTorrentName = ReleaseChunkMap.FileName + ".torrent";

    /// <summary>File name of a release's checksums.</summary>
    public const string ChecksumsName = "SHA256SUMS";

    /// <summary>Root metadata of one version.</summary>
    public static string RootVersion(long version) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"metadata/{version}.root.mp");

    /// <summary>Pointer of a channel. The names must have passed <see cref="ReleaseManifest"/>'s alphabet.</summary>
    public static string Channel(string product, string channel) => $"{Channels}/{product}/{channel}.mp";

    /// <summary>Directory of a release.</summary>
    public static string Release(Sha256Digest digest) => $"{Releases}/{digest}";

    /// <summary>Signed manifest of a release.</summary>
    public static string Manifest(Sha256Digest digest) => $"{Release(digest)}/{ManifestName}";

    /// <summary>Metainfo of a release.</summary>
    public static string Torrent(Sha256Digest digest) => $"{Release(digest)}/{TorrentName}";

    /// <summary>Chunk map of a release's image.</summary>
    public static string ChunkMap(Sha256Digest digest) => $"{Release(digest)}/{ReleaseChunkMap.FileName}";

    /// <summary>Metainfo of the chunk map.</summary>
    public static string ChunkMapTorrent(Sha256Digest digest) => $"{Release(digest)}/{ChunkMapTorrentName}";

    /// <summary>Checksums of a release: the form of sha256sum, against rot of what no signature covers.</summary>
    public static string Checksums(Sha256Digest digest) => $"{Release(digest)}/{ChecksumsName}";

    /// <summary>A payload file of a release.</summary>
    public static string File(Sha256Digest digest, ReleaseManifest manifest, ReleaseFile file) =>
        $"{Release(digest)}/{manifest.TorrentName}/{file.Name}";
}
