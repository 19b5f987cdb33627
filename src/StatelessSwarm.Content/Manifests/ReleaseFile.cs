using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Manifests;

/// <summary>A file of a release.</summary>
/// <param name="Role">What it is for.</param>
/// <param name="Name">File name, one path segment: <c>root.squashfs</c>, <c>root.erofs</c>, <c>vmlinuz</c>, <c>initrd.img</c>.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Sha256">SHA-256 of the whole file.</param>
/// <param name="PiecesRoot">BEP 52 Merkle root over its 16 KiB blocks: ties the manifest to the torrent.</param>
public sealed record ReleaseFile(
    ReleaseFileRole Role,
    string Name,
    long Length,
    Sha256Digest Sha256,
    Sha256Digest PiecesRoot
);
