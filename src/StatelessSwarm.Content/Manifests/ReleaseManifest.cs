using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Manifests;

/// <summary>
/// What a release is: product, version, build and its files. Immutable; the release digest is the SHA-256 of its exact
/// encoded bytes (the signed payload, without signatures).
/// <para>Encoding: one MessagePack map with ascending integer keys, shortest forms only, no floats, no extension types; a
/// decoder refuses anything else, unknown keys included. At most <see cref="MaxBytes"/> bytes.</para>
/// </summary>
public sealed partial record ReleaseManifest
{
    /// <summary>Largest manifest accepted: 64 KiB.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>Product (image line), 1-64 characters of <c>[a-z0-9._-]</c>, first one a letter or digit.</summary>
    public required string Product { get; init; }

    /// <summary>Version for people, 1-64 characters of <c>[A-Za-z0-9.+~_-]</c>.</summary>
    public required string Version { get; init; }

    /// <summary>Build number, at least 1; orders releases of a product, only this does.</summary>
    public required long Build { get; init; }

    /// <summary>When it was published, seconds since 1970 UTC.</summary>
    public required long CreatedUnixSeconds { get; init; }

    /// <summary>Format of the root image.</summary>
    public required ImageFormat Format { get; init; }

    /// <summary>dm-verity parameters of the root image.</summary>
    public required VerityParameters Verity { get; init; }

    /// <summary>Full v2 info hash of the release's torrent.</summary>
    public required Sha256Digest TorrentHash { get; init; }

    /// <summary>Files, ascending by name; exactly one of role Root, at most one of each other role.</summary>
    public required IReadOnlyList<ReleaseFile> Files { get; init; }

    /// <summary>The image's chunk map.</summary>
    public required ReleaseChunkMap ChunkMap { get; init; }

    /// <summary>The image file.</summary>
    public ReleaseFile Root => Files.Single(file => file.Role == ReleaseFileRole.Root);

    /// <summary>Name of the torrent, and of the directory that holds the files in a repository: <c>product-version</c>.</summary>
    public string TorrentName => $"{Product}-{Version}";

    /// <summary>Sum of the files' lengths.</summary>
    public long TotalBytes => Files.Sum(file => file.Length);
}
